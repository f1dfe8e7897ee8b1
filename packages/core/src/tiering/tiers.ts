import type { Backend, Layer } from '../contract/backend.ts'
import { type Path, relativePath } from '../contract/paths.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { AccessLog } from './access-log.ts'
import { checkedFor } from '../mounting/config-problem.ts'
import { checkTierRules } from './check-rules.ts'
import { noteReads } from './note-reads.ts'
import { createRedirect, type Redirect } from './redirect.ts'
import { asksForReads, type TierRule } from './rule.ts'
import { holderOf, type MountPlace } from './tier-mounts.ts'

/** The tier rules of one filesystem. */
export interface Tiers {
  readonly rules: readonly TierRule[]
  readonly log: AccessLog | undefined
  /** What a mount needs on it, among all that are mounted; `undefined` where no rule concerns it. To be put on once for each time it is mounted. */
  layerFor(mount: MountPlace, all: readonly MountPlace[]): Layer | undefined
  /** The redirect of a rule that keeps paths, with the mount that holds its files. @throws NexusError `invalid_argument` while that mount is absent */
  redirectOf(rule: TierRule): { readonly redirect: Redirect; readonly mountPoint: Path } | undefined
}

/** What rules work on. */
export interface TiersOptions {
  readonly rules: readonly TierRule[]
  /** The whole filesystem: a redirect leads to wherever it mounts something, looked up at each call. */
  readonly target: Pick<Kernel, 'stat' | 'read' | 'write' | 'append' | 'setMetadata' | 'delete' | 'list' | 'rename' | 'presign' | 'capabilitiesAt'>
  /** Present where a rule asks when files were read. */
  readonly log?: AccessLog | undefined
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined
}

/** Rules, checked, and their redirects. @throws NexusError `invalid_config` for rules that contradict themselves or each other */
export function createTiers({ rules, target, log, now = Date.now }: TiersOptions): Tiers {
  checkedFor('tier', () => checkTierRules(rules))
  const redirects = new Map<string, { readonly redirect: Redirect; readonly mountPoint: Path }>()
  const redirectAt = (rule: TierRule, mountPoint: Path): Redirect => {
    const sameWay = rules.filter((one) => one.paths === 'keep' && one.from === rule.from)
    const capacityBytes = sameWay.find((one) => one.capacityBytes !== undefined)?.capacityBytes
    const redirect = createRedirect({ target, within: relativePath(rule.from, mountPoint), to: rule.to, capacityBytes, now })
    redirects.set(rule.from, { redirect, mountPoint })
    return redirect
  }
  return {
    rules,
    log,
    redirectOf: (rule) => redirects.get(rule.from),
    layerFor: (mount, all) => {
      const held = rules.filter((rule) => holderOf(rule.from, all)?.mountPoint === mount.mountPoint)
      if (held.length === 0) return undefined
      const { mountPoint } = mount
      const kept = new Map(held.filter(({ paths }) => paths === 'keep').map((rule) => [rule.from, rule]))
      const watched = held.filter(asksForReads).map(({ from }) => relativePath(from, mountPoint))
      return (inner) => {
        const redirected = [...kept.values()].reduce<Backend>((backend, rule) => redirectAt(rule, mountPoint).layer(backend), inner)
        return log === undefined || watched.length === 0 ? redirected : noteReads({ log, mountPoint, within: watched })(redirected)
      }
    },
  }
}
