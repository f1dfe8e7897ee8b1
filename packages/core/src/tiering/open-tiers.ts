import { join } from 'node:path'
import type { Kernel } from '../kernel/kernel.ts'
import { checkedFor } from '../mounting/config-problem.ts'
import type { Environment } from '../mounting/environment.ts'
import { stateDirectory } from '../mounting/state-directory.ts'
import { openAccessLog } from './access-log.ts'
import { checkTierMounts } from './check-rules.ts'
import { asksForReads, type TierRule } from './rule.ts'
import type { MountPlace } from './tier-mounts.ts'
import { createTiers, type Tiers } from './tiers.ts'

/** What rules are opened with. */
export interface OpenTiersOptions {
  readonly rules: readonly TierRule[]
  /** What will be mounted: nothing is opened when a rule leads to nowhere. */
  readonly mounts: readonly MountPlace[]
  readonly environment: Environment
}

/**
 * The rules of a filesystem in this environment; when files were read is noted in `access.db` of the state directory, where a rule asks for it.
 * @throws NexusError `invalid_config` for rules that contradict themselves or each other, or name what is not mounted
 */
export function openTiers(kernel: Kernel, { rules, mounts, environment }: OpenTiersOptions): Tiers {
  const { now, warn } = environment
  checkedFor('tier', () => checkTierMounts(rules, mounts))
  const log = rules.some(asksForReads) ? openAccessLog({ file: join(stateDirectory(environment), 'access.db'), now, warn }) : undefined
  return createTiers({ rules, target: kernel, log, now })
}
