import type { LocalConfig } from '@nexus/backend-local'
import { openRepository, parseUri, readMounts, type RepositoryBackend, type RepositoryOptions } from '@nexus/core'
import { type BackendDefinition, isNexusError, isWithin, type MountSpec, NexusError, type OpenContext } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { parseNexusOperand } from '../paths/operand.ts'
import { mountForUri } from '../paths/uri-mount.ts'
import { openContext } from './open-context.ts'

/** A repository, opened to be cared for. */
export interface OpenedRepository extends AsyncDisposable {
  readonly repository: RepositoryBackend['repository']
  /** Where its root is mounted; `/` for a URI. */
  readonly mountPoint: string
}

const kernelOptions = ['layout', 'durability', 'verify', 'digest', 'freshnessMs', 'readonly', 'priority', 'writers']

/** The storage of a repository, not opened as one yet. */
export interface FoundRepository {
  readonly stores: Pick<RepositoryOptions, 'journal' | 'contents' | 'indexPath'>
  /** Where its root is mounted; `/` for a URI. */
  readonly mountPoint: string
}

/**
 * Opens the repository that holds a path or that a URI names; nothing else is mounted.
 * @throws NexusError `mount_not_found`, `unsupported` where no repository stands, and what opening it fails with
 */
export async function openRepositoryAt(cli: Cli, text: string): Promise<OpenedRepository> {
  const { stores, mountPoint } = await findRepository(cli, text)
  const backend = await openRepository({ ...stores, signal: cli.signal })
  return { repository: backend.repository, mountPoint, [Symbol.asyncDispose]: () => backend.close() }
}

/**
 * The storage that {@link openRepositoryAt} opens.
 * @param isDamaged Whether it may be one whose `nexus.json` is lost.
 */
export async function findRepository(cli: Cli, text: string, { isDamaged = false }: { readonly isDamaged?: boolean } = {}): Promise<FoundRepository> {
  const { uri, mountPoint } = await findStorage(cli, text)
  const spec = parseUri(uri, { cwd: cli.workingDirectory })
  return { stores: await openStores(cli, spec, { text, isDamaged }), mountPoint }
}

async function findStorage(cli: Cli, text: string): Promise<{ readonly uri: string; readonly mountPoint: string }> {
  const operand = parseNexusOperand(text)
  if (operand.kind === 'uri') return { uri: mountForUri(operand.uri, cli).uri, mountPoint: '/' }
  const holders = (await readMounts()).filter(({ mountPoint }) => isWithin(operand.path, mountPoint))
  const [nearest] = holders.sort((left, right) => (right.priority ?? 0) - (left.priority ?? 0) || right.mountPoint.length - left.mountPoint.length)
  if (nearest === undefined) throw new NexusError('mount_not_found', { path: text })
  return nearest
}

async function openStores(cli: Cli, spec: MountSpec, { text, isDamaged }: { readonly text: string; readonly isDamaged: boolean }): Promise<FoundRepository['stores']> {
  if (spec.scheme !== 'local') throw new NexusError('unsupported', { path: text, backend: spec.scheme, reason: `This version cares for repositories on a local disk; ${spec.scheme}:// is not one.` })
  const { localBackend } = await import('@nexus/backend-local')
  const options = Object.fromEntries(Object.entries(spec.options).filter(([name]) => !kernelOptions.includes(name)))
  const config = localBackend.parseConfig(localBackend.fromUri({ ...spec, options }))
  const context = openContext(cli.signal)
  if (!(await holdsRepository(localBackend, { config, context, isDamaged }))) {
    throw new NexusError('unsupported', { path: text, backend: 'local', reason: 'No repository stands there: it holds plain files, or nothing yet. Repositories begin with ?layout=cas or in an empty directory.' })
  }
  const stores = await localBackend.openStore?.(config, context)
  if (stores?.indexPath === undefined) throw new NexusError('unexpected', { path: text, reason: 'The local storage has no place for a repository.' })
  return { ...stores, indexPath: stores.indexPath }
}

interface Looking {
  readonly config: LocalConfig
  readonly context: OpenContext
  readonly isDamaged: boolean
}

async function holdsRepository(definition: BackendDefinition<LocalConfig>, { config, context, isDamaged }: Looking): Promise<boolean> {
  try {
    return (await definition.detectLayout?.(config, context)) === 'cas'
  } catch (error) {
    if (isDamaged && isNexusError(error, 'corrupt')) return true
    throw error
  }
}

/** A path of the repository as the person sees it. */
export function shownIn(mountPoint: string, path: string): string {
  if (mountPoint === '/') return path
  return path === '/' ? mountPoint : mountPoint + path
}
