import { createKernel } from '../kernel/kernel.ts'
import { moveJournalIn } from '../moves/move-journal-in.ts'
import { builtinManifests } from './builtin-manifests.ts'
import { checkedFor } from './config-problem.ts'
import { coreVersion } from './core-version.ts'
import { type Environment, processEnvironment } from './environment.ts'
import { type MountArguments, type MountOptions, parseMountArguments } from './mount-arguments.ts'
import type { MountRequest, SourceContext } from './mount-source.ts'
import { parseMountSource } from './parse-mount-source.ts'
import { type MountedNexusFS, mountedFacade } from './mounted-facade.ts'
import { readMounts, rememberMounts } from './mounts-file.ts'
import { type OpenedMount, openMounts, undoMounts } from './open-mounts.ts'
import { rememberedSource, toRemembered } from './remembered-mount.ts'
import { stateDirectory } from './state-directory.ts'

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
  const { sources, options } = checkedFor('mount', () => parseMountArguments(args))
  options.signal?.throwIfAborted()
  const context = { directory: environment.workingDirectory, homeDirectory: environment.homeDirectory }
  const requests =
    sources.length > 0
      ? checkedFor('mount', () => sources.map((source) => parseMountSource(source, context)))
      : await remembered(environment, options)
  const kernel = createKernel({ version: coreVersion(), moveJournal: moveJournalIn(environment) })
  const { backends, resolveFrom, ephemeral, ...opening } = options
  const opened = await openMounts(kernel, requests, { registry: { backends, resolveFrom, environment }, ...opening })
  if (sources.length > 0 && ephemeral !== true) {
    await remember(opened, { environment, context, signal: options.signal }).catch(async (error: unknown) => {
      await undoMounts(kernel, opened)
      throw error
    })
  }
  return mountedFacade(kernel)
}

async function remembered(environment: Environment, { ephemeral }: MountOptions): Promise<readonly MountRequest[]> {
  if (ephemeral === true) return []
  const directory = stateDirectory(environment)
  const { workingDirectory, homeDirectory } = environment
  const mounts = await readMounts(directory)
  return mounts.map((mount) => {
    const request = checkedFor('mount', () => parseMountSource(rememberedSource(mount), { directory: workingDirectory, homeDirectory }))
    const { withheld } = mount
    if (withheld === undefined) return request
    const hint = `Not remembered, because secrets are not: ${withheld.join(', ')}. Mount it again with them, or give them by environment.`
    return { ...request, provenance: { place: 'mounts.json', hint } }
  })
}

interface RememberContext {
  readonly environment: Environment
  readonly context: SourceContext
  readonly signal: AbortSignal | undefined
}

async function remember(opened: readonly OpenedMount[], { environment, context, signal }: RememberContext): Promise<void> {
  const mounts = opened.flatMap(({ request, manifest }) => {
    const known = manifest ?? builtinManifests.find(({ scheme }) => request.kind === 'uri' && scheme === request.spec.scheme)
    return toRemembered(request, known, context) ?? []
  })
  await rememberMounts(mounts, { directory: stateDirectory(environment), warn: environment.warn, signal })
}
