import { parsePath } from '../contract/paths.ts'
import { createKernel } from '../kernel/kernel.ts'
import { moveJournalIn } from '../moves/move-journal-in.ts'
import { builtinManifests } from './builtin-manifests.ts'
import { checkedFor } from './config-problem.ts'
import { coreVersion } from './core-version.ts'
import { type Environment, processEnvironment } from './environment.ts'
import { type MountArguments, parseMountArguments } from './mount-arguments.ts'
import type { MountRequest, SourceContext } from './mount-source.ts'
import { parseMountSource } from './parse-mount-source.ts'
import { type MountedNexusFS, mountedFacade } from './mounted-facade.ts'
import { readMounts, rememberMounts } from './mounts-file.ts'
import { type OpenedMount, openMounts, undoMounts } from './open-mounts.ts'
import { rememberedSource, type RememberedMount, toRemembered } from './remembered-mount.ts'
import { stateDirectory } from './state-directory.ts'
import { tiersOf } from './tiers-of.ts'
import { parseTierRule, type TierSource } from '../tiering/parse-tier-rule.ts'
import type { TierRule } from '../tiering/rule.ts'
import { holderOf } from '../tiering/tier-mounts.ts'
import type { MigrationWorld } from '../migration/open-target.ts'

/**
 * Mounts sources and gives one filesystem over them: `mount('s3://bucket', 'local://./data')`, `mount('local://./data', { at: '/data' })`.
 * Without a source it mounts what `mounts.json` remembers; otherwise what is mounted is merged into it by mount point, unless `ephemeral`.
 * Either everything is mounted or nothing stays open. `close()` waits for what is under way and closes the backends in reverse order.
 * @throws NexusError `invalid_config` (source, option, scheme, `mounts.json`), `mount_collision`, `unavailable` (with the install command for a
 * missing package), and what opening a backend fails with
 */
export async function mount(...args: MountArguments): Promise<MountedNexusFS> {
  return await mountIn(processEnvironment(), args)
}

/** {@link mount}, in an environment that tests can make. */
export async function mountIn(environment: Environment, args: readonly unknown[]): Promise<MountedNexusFS> {
  const { sources, options, rules, tiers: written } = checkedFor('mount', () => parseMountArguments(args))
  options.signal?.throwIfAborted()
  const context = { directory: environment.workingDirectory, homeDirectory: environment.homeDirectory }
  const known = sources.length > 0 || options.ephemeral === true ? [] : await readMounts(stateDirectory(environment))
  const requests =
    sources.length > 0 ? checkedFor('mount', () => sources.map((source) => parseMountSource(source, context))) : known.map((mount) => remembered(environment, mount))
  const kernel = createKernel({ version: coreVersion(), moveJournal: moveJournalIn(environment) })
  const { backends, resolveFrom, ephemeral, ...opening } = options
  const tiers = await tiersOf(kernel, { rules: [...rules, ...rememberedRules(known)], mounts: requests, environment })
  const registry = { backends, resolveFrom, environment }
  const opened = await openMounts(kernel, requests, { registry, tiers, ...opening })
  if (sources.length > 0 && ephemeral !== true) {
    await remember(opened, { environment, context, tiers: written, signal: options.signal }).catch(async (error: unknown) => {
      await undoMounts(kernel, opened)
      throw error
    })
  }
  const rememberMigrated = ephemeral === true ? undefined : rememberMigration(environment, context)
  return mountedFacade(kernel, { opening: { registry, tiers, cache: opening.cache }, remember: rememberMigrated })
}

function remembered({ workingDirectory, homeDirectory }: Environment, mount: RememberedMount): MountRequest {
  const request = checkedFor('mount', () => parseMountSource(rememberedSource(mount), { directory: workingDirectory, homeDirectory }))
  const { withheld } = mount
  if (withheld === undefined) return request
  const hint = `Not remembered, because secrets are not: ${withheld.join(', ')}. Mount it again with them, or give them by environment.`
  return { ...request, provenance: { place: 'mounts.json', hint } }
}

function rememberedRules(mounts: readonly RememberedMount[]): readonly TierRule[] {
  return mounts.flatMap(({ tiers = [] }) => checkedFor('mount', () => tiers.map((rule, index) => parseTierRule(rule, ['tiers', index]))))
}

/** Writes down where a mount leads after its migration; one that is not remembered stays so. Its tier rules stay with it. */
function rememberMigration(environment: Environment, context: SourceContext): MigrationWorld['remember'] {
  const directory = stateDirectory(environment)
  return async (request, manifest) => {
    const known = (await readMounts(directory)).find(({ mountPoint }) => mountPoint === request.mountPoint)
    const mount = toRemembered(request, manifest, context)
    if (known === undefined || mount === undefined) return false
    await rememberMounts([known.readonly === undefined ? mount : { ...mount, readonly: known.readonly }], { directory, warn: environment.warn })
    return true
  }
}

interface RememberContext {
  readonly environment: Environment
  readonly context: SourceContext
  readonly tiers: readonly TierSource[]
  readonly signal: AbortSignal | undefined
}

async function remember(opened: readonly OpenedMount[], { environment, context, tiers, signal }: RememberContext): Promise<void> {
  const mounts = opened.flatMap(({ request, manifest }) => {
    const known = manifest ?? builtinManifests.find(({ scheme }) => request.kind === 'uri' && scheme === request.spec.scheme)
    const mount = toRemembered(request, known, context)
    return mount === undefined ? [] : withTiers(mount, { tiers, all: opened.map((one) => one.request) })
  })
  await rememberMounts(mounts, { directory: stateDirectory(environment), warn: environment.warn, signal })
}

/** A rule that keeps paths is remembered with the mount that holds its files: without it they would not be found again. */
function withTiers(mount: RememberedMount, { tiers, all }: { readonly tiers: readonly TierSource[]; readonly all: readonly MountRequest[] }): RememberedMount {
  const own = tiers.filter(({ from, paths }) => paths === 'keep' && holderOf(parsePath(from), all)?.mountPoint === mount.mountPoint)
  return own.length === 0 ? mount : { ...mount, tiers: own }
}
