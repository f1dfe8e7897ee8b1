import { join } from 'node:path'
import { type LocalStoreOptions, openLocalStore } from '@nexus/backend-local'
import { type ContentStore, type Durability, openRepository, type RepositoryBackend } from '@nexus/core'

/** The machine as the local store sees it. */
export type Environment = NonNullable<LocalStoreOptions['environment']>
/** The calls of the operating system that the local store makes. */
export type FileOperations = NonNullable<Environment['files']>
/** A named moment of a commit. */
export type CommitStep = Parameters<NonNullable<Environment['onStep']>>[0]

/** A repository on a local disk, with the store below it. */
export interface OpenedRepository {
  readonly backend: RepositoryBackend
  readonly contents: ContentStore
}

/** Opens the repository below `root`; nothing need be there yet. */
export async function openTestRepository(
  root: string,
  { durability = 'os', environment }: { readonly durability?: Durability | undefined; readonly environment?: Environment | undefined } = {},
): Promise<OpenedRepository> {
  const stores = await openLocalStore({ root, environment })
  const backend = await openRepository({ journal: stores.journal, contents: stores.contents, indexPath: stores.indexPath ?? join(root, 'index.db'), durability })
  return { backend, contents: stores.contents }
}
