import type { ConnectConfig, ConnectOptions } from '../mounting/connect.ts'
import type { MountOptions } from '../mounting/mount-arguments.ts'
import type { UriSource } from '../mounting/mount-source.ts'
import { createSyncNexusFS } from './create-sync-nexus-fs.ts'
import type { OpenRequest } from './open-filesystem.ts'
import { startWorker } from './start-worker.ts'
import type { SyncConnectedNexusFS, SyncNexusFS, Timed } from './sync-nexus-fs.ts'

/** A mount that can be told to another thread: by URI. */
export type SyncMountSource = string | UriSource

/** Definitions live on the other thread: by scheme, the module whose default export is one (package, `file:` URL, or path from `resolveFrom`). */
interface SyncBackends {
  readonly backends?: Readonly<Record<string, string>> | undefined
}

export type SyncMountOptions = Timed<Omit<MountOptions, 'backends'>> & SyncBackends

export type SyncConnectOptions = Timed<Omit<ConnectOptions, 'backends'>> & SyncBackends

/**
 * `mount()` for code that cannot wait for promises: the same filesystem, working on a thread that is started here. The process may end
 * without `close()`.
 * @throws NexusError as `mount()`, `timeout`, and `invalid_argument` for what cannot be cloned to another thread
 */
export function mountSync(...args: readonly SyncMountSource[] | readonly [...sources: SyncMountSource[], options: SyncMountOptions]): SyncNexusFS {
  const last = args.at(-1)
  const options = isOptions(last) ? last : {}
  return start({ kind: 'mount', sources: isOptions(last) ? args.slice(0, -1) : args, options })
}

/**
 * `connect()` without promises, see {@link mountSync}.
 * @throws NexusError as `connect()`, `timeout`, and `invalid_argument` for what cannot be cloned to another thread
 */
export function connectSync(config?: ConnectConfig, options: SyncConnectOptions = {}): SyncConnectedNexusFS {
  return start({ kind: 'connect', config, options })
}

function isOptions(argument: SyncMountSource | SyncMountOptions | undefined): argument is SyncMountOptions {
  return typeof argument === 'object' && !('uri' in argument) && !('backend' in argument)
}

function start(request: OpenRequest): SyncConnectedNexusFS {
  const { port, terminate } = startWorker()
  try {
    port.call({ verb: 'mount', args: [request], timeoutMs: request.options.timeoutMs })
  } catch (error) {
    terminate()
    throw error
  }
  return createSyncNexusFS(port, terminate)
}
