import { openRepository, type RepositoryBackend, type RepositoryOptions } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { findRepository, type FoundRepository } from './find-repository.ts'
import { refuseReadonly } from './refuse-readonly.ts'

/** A repository, opened to be cared for. */
export interface OpenedRepository extends AsyncDisposable, Pick<FoundRepository, 'shown'> {
  readonly repository: RepositoryBackend['repository']
  readonly stores: RepositoryOptions
}

/**
 * Opens the repository that holds a path or that a URI names; nothing else is opened.
 * @throws NexusError as {@link findRepository} does, `read_only`, and what opening fails with
 */
export async function openRepositoryAt(cli: Cli, text: string, { writes = false }: { readonly writes?: boolean } = {}): Promise<OpenedRepository> {
  const { storage, shown } = await findRepository(cli, text)
  const stores = await storage.openStores()
  if (writes) await refuseReadonly(stores, shown('/'))
  const backend = await openRepository(stores)
  return { repository: backend.repository, stores, shown, [Symbol.asyncDispose]: () => backend.close() }
}
