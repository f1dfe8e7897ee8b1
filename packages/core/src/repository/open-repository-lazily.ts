import type { RepositoryBackend, RepositoryOptions } from './open-repository.ts'

/**
 * Opens storage that Nexus owns (layout `cas`). Writes nothing: an empty storage becomes a repository at its first write. SQLite is loaded
 * by the first call, so that a program that mounts no repository never pays for it.
 * @throws NexusError `corrupt`, `invalid_config` (another format), `unavailable`
 */
export async function openRepository(options: RepositoryOptions): Promise<RepositoryBackend> {
  const repository = await import('./open-repository.ts')
  return repository.openRepository(options)
}
