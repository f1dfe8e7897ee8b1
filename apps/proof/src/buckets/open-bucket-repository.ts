import { inspectStorage, openRepository, type RepositoryBackend } from '@nexus/core'

/** Opens the repository that a URI names, with its index in the state directory; nothing need be there yet. Never past the engine's own way in. */
export async function openBucketRepository(uri: string): Promise<RepositoryBackend> {
  const storage = await inspectStorage(uri, { resolveFrom: import.meta.url })
  return await openRepository(await storage.openStores())
}
