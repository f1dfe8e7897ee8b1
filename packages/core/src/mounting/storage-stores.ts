import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackendDefinition, OpenContext } from '../contract/definition.ts'
import { NexusError } from '../contract/errors.ts'
import type { RepositoryOptions } from '../repository/open-repository.ts'
import type { Environment } from './environment.ts'
import type { BackendManifest } from './manifest.ts'
import type { MountSettings } from './mount-options.ts'
import { stateDirectory } from './state-directory.ts'
import { toStateError } from './state-error.ts'

/** A definition with its checked configuration. */
export interface Openable {
  readonly definition: BackendDefinition
  readonly manifest: BackendManifest | undefined
  readonly config: unknown
  readonly settings: MountSettings
}

/** What opening uses of the world. */
export interface OpenWorld {
  readonly environment: Environment
  readonly context: OpenContext
}

/**
 * Opens journal and contents of a storage, with everything that a repository on it is told by the mount.
 * @throws NexusError `unsupported` where the backend cannot hold a repository, and what opening it fails with
 */
export async function openStores({ definition, config, settings }: Openable, { environment, context }: OpenWorld): Promise<RepositoryOptions> {
  if (definition.openStore === undefined) {
    throw new NexusError('unsupported', {
      op: 'mount',
      backend: definition.scheme,
      reason: `A ${definition.scheme} mount cannot hold a repository; leave layout=cas out.`,
    })
  }
  const { journal, contents, indexPath, freshnessMs, readonlyReason, cacheScope, serviceHealth } = await definition.openStore(config, context)
  const { durability, verify, readonly, digest } = settings
  return {
    journal,
    contents,
    indexPath: indexPath ?? (await indexInState(journal.identity, environment)),
    durability,
    verify,
    readonly,
    readonlyReason,
    // Where asking costs next to nothing, no answer is ever old.
    freshnessMs: freshnessMs === undefined ? undefined : (settings.freshnessMs ?? freshnessMs),
    digest,
    now: context.now,
    signal: context.signal,
    cacheScope,
    serviceHealth,
  }
}

/** The index of storage that has no place for one: it is a cache, found again by what the storage is. */
async function indexInState(identity: string, environment: Environment): Promise<string> {
  const directory = join(stateDirectory(environment), 'index')
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw toStateError(error, directory)
  })
  return join(directory, `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}.db`)
}
