import { type Change, type FileStat, type Metadata, NexusError, type Path, type Snapshot } from '@nexus/core/contract'

/** One kept state of a file; never changed after it was made. */
export interface FileState {
  readonly bytes: Uint8Array
  /** Number of the change that made it, from which its etag and version are spelt. */
  readonly sequence: number
  readonly contentType: string | undefined
  readonly metadata: Metadata
  readonly createdAt: Date
  readonly modifiedAt: Date
}

/** A file in the tree; replaced as a whole, so that snapshots may share it. */
export interface FileNode {
  readonly kind: 'file'
  readonly state: FileState
  /** Older states, newest first. */
  readonly past: readonly FileState[]
}

/** A directory in the tree; only its owner changes it in place, everyone else copies it first. */
export interface DirectoryNode {
  readonly kind: 'directory'
  readonly owner: object
  readonly createdAt: Date
  readonly entries: Map<string, TreeNode>
  /** What was deleted or replaced under a name, the last first; a directory among it holds nothing but such. It moves with this directory. */
  readonly gone: Map<string, readonly TreeNode[]>
}

export type TreeNode = FileNode | DirectoryNode

/** A directory as it was when the snapshot was taken. */
export interface KeptSnapshot extends Snapshot {
  readonly node: DirectoryNode
}

/** Everything that one memory backend holds. */
export interface MemoryState {
  readonly now: () => number
  readonly maxSizeBytes: number
  root: DirectoryNode
  /** Directories with this owner are in nobody else's hands; a new one freezes the whole tree. */
  owner: object
  sequence: number
  /** While a batch runs, the sequence before its first step: states made since are no versions, because nobody saw them. */
  batchFrom: number | undefined
  readonly snapshots: Map<Path, Map<string, KeptSnapshot>>
  /** Begins every cursor, so that a cursor of another store is recognised. */
  readonly storeId: string
  log: Change[]
  /** Number of the first change in `log`. */
  logStart: number
  /** Called after each change and at close. */
  readonly listeners: Set<() => void>
  readonly running: Set<Promise<unknown>>
  isClosed: boolean
}

/** An empty tree. */
export function createState(options: { readonly now: () => number; readonly storeId: string; readonly maxSizeBytes: number }): MemoryState {
  const owner = {}
  return {
    ...options,
    root: { kind: 'directory', owner, createdAt: new Date(options.now()), entries: new Map(), gone: new Map() },
    owner,
    sequence: 0,
    batchFrom: undefined,
    snapshots: new Map(),
    log: [],
    logStart: 0,
    listeners: new Set(),
    running: new Set(),
    isClosed: false,
  }
}

/** The public stat of a node at a path. */
export function toFileStat(path: Path, node: TreeNode): FileStat {
  if (node.kind === 'directory') return { path, kind: 'directory', createdAt: node.createdAt, metadata: {} }
  return toStateStat(path, node.state)
}

/** The public stat of one kept state of a file. */
export function toStateStat(path: Path, state: FileState): FileStat {
  return {
    path,
    kind: 'file',
    sizeBytes: state.bytes.length,
    etag: toEtag(state),
    modifiedAt: new Date(state.modifiedAt),
    createdAt: new Date(state.createdAt),
    contentType: state.contentType,
    version: toVersion(state),
    metadata: { ...state.metadata },
  }
}

/** Opaque to callers. */
export function toEtag(state: FileState): string {
  return `m${state.sequence}`
}

/** Opaque to callers. */
export function toVersion(state: FileState): string {
  return `v${state.sequence}`
}

/** Which verb at which path fails, for the error's text. */
export interface Place {
  readonly op: string
  readonly path: Path
}

/** The error of this backend at a place. */
export function memoryError(code: NexusError['code'], place: Place, reason?: string, cause?: unknown): NexusError {
  return new NexusError(code, { ...place, backend: 'memory', reason, cause })
}
