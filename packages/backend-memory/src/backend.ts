import { type Backend, type CallOptions, type Capabilities, type Path, rootPath } from '@nexus/core/contract'
import { batch } from './batch.ts'
import { changes } from './changes.ts'
import { deletePath } from './delete.ts'
import { list } from './list.ts'
import { setMetadata } from './metadata.ts'
import { mkdir } from './mkdir.ts'
import { copy, rename } from './move.ts'
import { read } from './read.ts'
import { run } from './run.ts'
import { deleteSnapshot, listSnapshots, takeSnapshot } from './snapshots.ts'
import { stat } from './stat.ts'
import { createState, type MemoryState, type Place } from './state.ts'
import { usage } from './usage.ts'
import { versions } from './versions.ts'
import { append, write } from './write.ts'

/** The longest file that is kept unless `maxSizeBytes` says otherwise: 1 GiB. */
export const defaultMaxSizeBytes: number = 1024 ** 3

/** What {@link openMemory} may be given. */
export interface MemoryOptions {
  /** The longest file in bytes, default 1 GiB; longer bodies fail with `invalid_argument`. */
  readonly maxSizeBytes?: number | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
  /** Marks this store's cursors; default random, so that no other store takes them. */
  readonly storeId?: string | undefined
}

type Extras =
  | 'setMetadata'
  | 'append'
  | 'rename'
  | 'copy'
  | 'batch'
  | 'versions'
  | 'snapshot'
  | 'snapshots'
  | 'deleteSnapshot'
  | 'changes'
  | 'usage'

/** The reference backend: every operation of the contract except `search` and `presign`. */
export type MemoryBackend = Backend & Required<Pick<Backend, Extras>>

const baseCapabilities: Capabilities = {
  fidelity: 'bytes',
  readonly: false,
  ifMatch: 'native',
  ifNoneMatch: 'native',
  ranges: true,
  append: true,
  metadata: true,
  emptyDirectories: true,
  rename: 'atomic',
  directoryRename: 'atomic',
  copy: 'server',
  batch: true,
  versions: true,
  snapshots: true,
  changes: 'resumable',
  search: false,
  presign: false,
}

/**
 * An empty filesystem in this process' memory; everything is gone with it.
 * @returns The backend itself, at once.
 */
export function openMemory(options: MemoryOptions = {}): MemoryBackend {
  const maxSizeBytes = options.maxSizeBytes ?? defaultMaxSizeBytes
  const state = createState({ maxSizeBytes, now: options.now ?? Date.now, storeId: options.storeId ?? crypto.randomUUID() })
  const capabilities = { ...baseCapabilities, maxSizeBytes }
  return { scheme: 'memory', capabilities, ...fileVerbs(state), ...treeVerbs(state), ...historyVerbs(state), close: () => close(state) }
}

function fileVerbs(state: MemoryState): Pick<MemoryBackend, 'stat' | 'read' | 'write' | 'append' | 'setMetadata'> {
  return {
    stat: (path, options = {}) => run(state, at('stat', path, options), (place) => stat(state, place, options)),
    read: (path, options = {}) => run(state, at('read', path, options), (place) => read(state, place, options)),
    write: (path, body, options = {}) => run(state, at('write', path, options), (place) => write(state, place, body, options)),
    append: (path, body, options = {}) => run(state, at('append', path, options), (place) => append(state, place, body, options)),
    setMetadata: (path, patch, options = {}) =>
      run(state, at('setMetadata', path, options), (place) => setMetadata(state, place, patch, options)),
  }
}

function treeVerbs(state: MemoryState): Pick<MemoryBackend, 'list' | 'delete' | 'mkdir' | 'rename' | 'copy' | 'usage'> {
  return {
    list: (path, options) => list(state, path, options),
    delete: (path, options = {}) => run(state, at('delete', path, options), (place) => deletePath(state, place, options)),
    mkdir: (path, options = {}) => run(state, at('mkdir', path, options), (place) => void mkdir(state, place, options)),
    rename: (from, to, options = {}) => run(state, at('rename', from, options), (place) => rename(state, place, to, options)),
    copy: (from, to, options = {}) => run(state, at('copy', from, options), (place) => copy(state, place, to, options)),
    usage: (path, options = {}) => run(state, at('usage', path, options), (place) => usage(state, place)),
  }
}

function historyVerbs(
  state: MemoryState,
): Pick<MemoryBackend, 'batch' | 'versions' | 'snapshot' | 'snapshots' | 'deleteSnapshot' | 'changes'> {
  return {
    batch: (operations, options = {}) => run(state, at('batch', rootPath, options), () => batch(state, operations)),
    versions: (path, options) => versions(state, path, options),
    snapshot: (path, name, options = {}) => run(state, at('snapshot', path, options), (place) => takeSnapshot(state, place, name)),
    snapshots: (path, options) => listSnapshots(state, path, options),
    deleteSnapshot: (path, name, options = {}) =>
      run(state, at('deleteSnapshot', path, options), (place) => deleteSnapshot(state, place, name)),
    changes: (path, options) => changes(state, path, options),
  }
}

function at(op: string, path: Path, { signal }: CallOptions): Place & { readonly signal: AbortSignal | undefined } {
  return { op, path, signal }
}

/** Lets what runs finish, ends whoever waits for changes, and refuses what comes later. */
async function close(state: MemoryState): Promise<void> {
  state.isClosed = true
  for (const listener of state.listeners) listener()
  await Promise.allSettled(state.running)
}
