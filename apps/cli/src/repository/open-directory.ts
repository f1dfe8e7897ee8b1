import { access, mkdir } from 'node:fs/promises'
import { NexusError, parseUri } from '@nexus/core'
import type { RepositoryStores } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { toHostError } from '../copy/host-error.ts'
import { hostDirectory } from '../paths/host-directory.ts'
import { openContext } from './open-context.ts'

/** A directory of this machine as storage of a repository; nothing is written to it yet. */
export interface OpenedDirectory extends RepositoryStores, AsyncDisposable {}

/**
 * Opens a directory for a backup: `./backup`, `/srv/backup` or `local:///srv/backup`.
 * @param isTarget It is made when it is absent; otherwise it has to be there.
 * @throws NexusError `unsupported` for other schemes, `not_found`, `permission_denied`
 */
export async function openDirectory(cli: Cli, text: string, { isTarget }: { readonly isTarget: boolean }): Promise<OpenedDirectory> {
  const dataDir = directoryOf(cli, text)
  try {
    await (isTarget ? mkdir(dataDir, { recursive: true }) : access(dataDir))
  } catch (error) {
    throw toHostError(error, dataDir, 'backup')
  }
  const stores = await openStores(cli, dataDir)
  return { ...stores, [Symbol.asyncDispose]: () => stores.journal.close() }
}

async function openStores(cli: Cli, dataDir: string): Promise<RepositoryStores> {
  const { localBackend } = await import('@nexus/backend-local')
  const stores = await localBackend.openStore?.(localBackend.parseConfig({ dataDir }), openContext(cli.signal))
  if (stores === undefined) throw new NexusError('unexpected', { op: 'backup', path: dataDir, reason: 'The local storage has no place for a repository.' })
  return stores
}

function directoryOf({ workingDirectory }: Cli, text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//.test(text)) return hostDirectory(text, workingDirectory)
  const { scheme, authority } = parseUri(text, { cwd: workingDirectory })
  if (scheme !== 'local') throw new NexusError('unsupported', { op: 'backup', path: text, backend: scheme, reason: 'This version backs up to directories of this machine.' })
  return hostDirectory(authority, workingDirectory)
}
