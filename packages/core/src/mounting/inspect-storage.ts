import { isNexusError, NexusError, relocateError } from '../contract/errors.ts'
import type { RepositoryOptions } from '../repository/open-repository.ts'
import { checkedFor } from './config-problem.ts'
import { type Environment, processEnvironment } from './environment.ts'
import type { GivenBackends } from './load-definition.ts'
import type { UriSource } from './mount-source.ts'
import { openContext } from './open-context.ts'
import { parseMountSource } from './parse-mount-source.ts'
import { prepareBackend, type SchemeRequest } from './prepare-backend.ts'
import { type Openable, openStores, type OpenWorld } from './storage-stores.ts'

/** How a storage is found. */
export interface InspectOptions {
  /** Definitions, or functions that import one, by scheme; they win over everything installed. */
  readonly backends?: GivenBackends | undefined
  /** `import.meta.url` of the application: where packages are looked for first. */
  readonly resolveFrom?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** A storage that was looked at from outside: nothing is mounted, and nothing was written. */
export interface InspectedStorage {
  /** Scheme of its backend. */
  readonly scheme: string
  /** `damaged`: a repository whose `nexus.json` is lost or unreadable, which `fsck` can repair. `files`: what is no repository of ours. */
  readonly holds: 'repository' | 'damaged' | 'files' | 'nothing'
  /**
   * Opens journal and contents, for what cannot be done through a mount: `openRepository()` to care for it, `fsck()` of a repository that does not open,
   * `backup()` and `restoreBackup()` into it. Who takes it ends it: closing the repository, `fsck()`, or else `journal.close()`.
   * @throws NexusError `unsupported` where the backend cannot hold a repository
   */
  openStores(): Promise<RepositoryOptions>
}

/**
 * Looks what a URI's storage holds, whatever its backend: the way in for those who care for repositories, as `gc`, `fsck` and `backup` do.
 * @throws NexusError `invalid_config`, `unavailable` (with the install command for a missing package), `unsupported` where the backend cannot hold
 * a repository, and what looking fails with
 */
export async function inspectStorage(source: string | UriSource, options: InspectOptions = {}): Promise<InspectedStorage> {
  return await inspectStorageIn(processEnvironment(), source, options)
}

/** {@link inspectStorage}, in an environment that tests can make. */
export async function inspectStorageIn(environment: Environment, source: string | UriSource, options: InspectOptions = {}): Promise<InspectedStorage> {
  const { backends, resolveFrom, signal } = options
  signal?.throwIfAborted()
  const { workingDirectory: directory, homeDirectory } = environment
  const request = checkedFor('open', () => parseMountSource(source, { directory, homeDirectory }))
  if (request.kind === 'backend') throw new NexusError('invalid_argument', { op: 'open', path: request.shown, reason: 'A storage is named by its URI, not by an open backend.' })
  return await inspect(request, { environment, backends, resolveFrom, signal }).catch((error: unknown) => {
    throw isNexusError(error) ? relocateError(error, { op: 'open', path: request.shown }) : error
  })
}

async function inspect(request: SchemeRequest, { environment, signal, ...registry }: InspectOptions & { readonly environment: Environment }): Promise<InspectedStorage> {
  const { openable } = await prepareBackend(request, { ...registry, environment })
  const { scheme } = openable.definition
  if (openable.definition.openStore === undefined) throw new NexusError('unsupported', { backend: scheme, reason: `${scheme}:// cannot hold a repository.` })
  const world = { environment, context: openContext(environment, { signal, writers: openable.settings.writers }) }
  return { scheme, holds: await lookInto(openable, world), openStores: () => openStores(openable, world) }
}

async function lookInto(openable: Openable, world: OpenWorld): Promise<InspectedStorage['holds']> {
  const { definition, config } = openable
  try {
    if (definition.detectLayout === undefined) return await lookForDescriptor(openable, world)
    return contentOf[await definition.detectLayout(config, world.context)]
  } catch (error) {
    if (isNexusError(error, 'corrupt')) return 'damaged'
    throw error
  }
}

const contentOf = { cas: 'repository', path: 'files', empty: 'nothing' } as const

async function lookForDescriptor(openable: Openable, world: OpenWorld): Promise<'repository' | 'nothing'> {
  const { journal } = await openStores(openable, world)
  try {
    return (await journal.readDescriptor({ signal: world.context.signal })) === undefined ? 'nothing' : 'repository'
  } finally {
    await journal.close()
  }
}
