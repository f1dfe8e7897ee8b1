import type { Path } from './paths.ts'

/** Every call that may wait takes one; an aborted call rejects with `signal.reason`. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Past the end is clamped; negative or fractional is `invalid_argument` before any I/O. */
export type ByteRange = { readonly offset: number; readonly length?: number | undefined } | { readonly suffix: number }

/** Custom attributes of a file. Two names have a meaning: `mode` (octal, kept when executable: `755`) and `symlink` (target of a link, read only). */
export type Metadata = Readonly<Record<string, string>>

/** What is known of a file or directory without reading it. */
export interface FileStat {
  readonly path: Path
  readonly kind: 'file' | 'directory'
  /** `undefined` where the service does not tell; never guessed. Absent for directories. */
  readonly sizeBytes?: number | undefined
  /** Opaque validator, compared within one mount and never parsed. Every file has one; a directory may lack it. */
  readonly etag?: string | undefined
  /** `blake3:` or `sha256:` and 64 lowercase hex digits of the raw bytes, where the store keeps it. */
  readonly digest?: string | undefined
  readonly modifiedAt?: Date | undefined
  readonly createdAt?: Date | undefined
  readonly contentType?: string | undefined
  /** Names this state for `read(path, { version })`, where versions are kept. */
  readonly version?: string | undefined
  readonly metadata: Metadata
}

/** One row of a listing; full stats where the store gives them with the listing. */
export type Entry = { readonly name: string; readonly path: Path; readonly kind: 'file' | 'directory' } & Partial<Omit<FileStat, 'path' | 'kind'>>

/** One body, once: call exactly one of `bytes`, `text`, `stream`. Disposal cancels what was not read. */
export interface FileContent {
  readonly stat: FileStat
  /** The whole (range of the) body in memory. */
  bytes(): Promise<Uint8Array>
  /** The same, decoded as UTF-8; malformed sequences become U+FFFD. */
  text(): Promise<string>
  stream(): ReadableStream<Uint8Array>
  [Symbol.asyncDispose](): Promise<void>
}

/** What a backend takes as a file's body; the kernel turns everything else into one of these. A stream is never retried. */
export type Body = Uint8Array | ReadableStream<Uint8Array>

export interface StatOptions extends CallOptions {
  readonly version?: string | undefined
  readonly snapshot?: string | undefined
  /** Bypasses every cache between the caller and the storage. */
  readonly fresh?: boolean | undefined
}

export interface ReadOptions extends StatOptions {
  readonly range?: ByteRange | undefined
  /** Fails with `precondition_failed` when the file's etag is another. */
  readonly ifMatch?: string | undefined
}

export interface WriteOptions extends CallOptions {
  /** Only when the file has this etag; absent file: `precondition_failed`. */
  readonly ifMatch?: string | undefined
  /** Only when nothing is there: `precondition_failed` otherwise. */
  readonly ifNoneMatch?: '*' | undefined
  readonly contentType?: string | undefined
  /** Replaces the file's metadata; without it a replaced file starts with none. */
  readonly metadata?: Metadata | undefined
  /** A promise of the body's length; another length fails with `invalid_argument` and stores nothing. */
  readonly sizeBytes?: number | undefined
  /**
   * Called before the write resolves when the storage told its own checksum of what it keeps, and it is the body's: reading back would find nothing
   * more. Storages that tell none never call it.
   */
  readonly onVerified?: (() => void) | undefined
}

/** `append` keeps content type and metadata of the file it extends. */
export interface AppendOptions extends CallOptions {
  readonly ifMatch?: string | undefined
}

export interface DeleteOptions extends CallOptions {
  /** Deletes a directory with all below it; what vanishes meanwhile below the root is no failure. */
  readonly recursive?: boolean | undefined
  /** Absent is success. */
  readonly force?: boolean | undefined
  readonly ifMatch?: string | undefined
}

export interface ListOptions extends CallOptions {
  readonly recursive?: boolean | undefined
  /** Resume after this name (recursive: relative path); a directory counts as `name/`, and both spellings are taken. */
  readonly startAfter?: string | undefined
  readonly limit?: number | undefined
  readonly snapshot?: string | undefined
  readonly fresh?: boolean | undefined
}

export interface MkdirOptions extends CallOptions {
  /** Makes missing parents, and an existing directory is success. Without it: `not_found`, `already_exists`. */
  readonly recursive?: boolean | undefined
}

export interface MoveOptions extends CallOptions {
  /** Precondition on the source. */
  readonly ifMatch?: string | undefined
  /** Never replaces: `precondition_failed` when the target exists. */
  readonly ifNoneMatch?: '*' | undefined
  /** Allows a directory rename that is done file by file, where the store has no atomic one. */
  readonly allowNonAtomic?: boolean | undefined
}

/** Merged into the metadata; `null` removes a name. */
export type MetadataPatch = Readonly<Record<string, string | null>>

/** One step of a batch; all steps happen, in order, or none does. */
export type BatchOperation<P = Path, B = Uint8Array> =
  | ({ readonly op: 'write'; readonly path: P; readonly body: B } & Omit<WriteOptions, 'signal' | 'onVerified'>)
  | ({ readonly op: 'delete'; readonly path: P } & Omit<DeleteOptions, 'signal'>)
  | ({ readonly op: 'rename' | 'copy'; readonly from: P; readonly to: P } & Omit<MoveOptions, 'signal'>)
  | ({ readonly op: 'mkdir'; readonly path: P } & Omit<MkdirOptions, 'signal'>)
  | { readonly op: 'setMetadata'; readonly path: P; readonly patch: MetadataPatch; readonly ifMatch?: string | undefined }

/** One kept state of a file, newest first in a listing. */
export interface FileVersion {
  readonly version: string
  readonly path: Path
  readonly sizeBytes: number
  readonly etag: string
  readonly digest?: string | undefined
  readonly modifiedAt: Date
  readonly contentType?: string | undefined
  readonly metadata: Metadata
  /** Whether this is what `read` gives now. */
  readonly current: boolean
}

/** A named state of a directory, kept until it is deleted. */
export interface Snapshot {
  readonly name: string
  readonly path: Path
  readonly createdAt: Date
  readonly version: string
}

export type ChangeType = 'created' | 'modified' | 'deleted' | 'renamed'

/** One thing that happened. */
export interface Change {
  readonly type: ChangeType
  readonly path: Path
  readonly kind: 'file' | 'directory'
  /** Where it was, for `renamed`. */
  readonly from?: Path | undefined
  readonly etag?: string | undefined
  /** Give it to `since` to go on after this change, also in another process. */
  readonly cursor: string
}

export interface ChangesOptions extends CallOptions {
  /** A cursor; without it, what happens from now on. Unknown: `invalid_argument`, list again. */
  readonly since?: string | undefined
  /** Whole tree below the path, or only its direct children. Default true. */
  readonly recursive?: boolean | undefined
  /** Called once, when everything that happens from then on will be told; who lists after it misses nothing. */
  readonly onBegin?: (() => void) | undefined
}

/** A line that matches a search. Lines and columns count from 1; the column is in UTF-16 units. */
export interface Match {
  readonly path: Path
  readonly line: number
  readonly column: number
  readonly text: string
}

export interface SearchOptions extends CallOptions {
  readonly limit?: number | undefined
}

export interface PresignOptions extends CallOptions {
  readonly method: 'GET' | 'PUT'
  readonly expiresInMs: number
}

/** What a tree holds and takes. */
export interface Usage {
  readonly files: number
  readonly directories: number
  /** Sum of the sizes of the files. */
  readonly logicalBytes: number
  /** What their contents take in the storage, each content once; `undefined` where it is not known. */
  readonly storedBytes?: number | undefined
}

/** Where a file's bytes lie in a service, told to another backend of the same service so that it can copy them there. */
export interface StoredFile {
  /** Names the service and never a secret; only a backend that names its own service in the same way understands the rest. */
  readonly service: string
  /** Bucket, or whatever the service keeps its files in. */
  readonly container: string
  readonly key: string
}

/** How a service that is asked over a network is doing; counted since the backend was opened. */
export interface ServiceHealth {
  /** Kinds of requests that are refused for a while, because the service did not answer several times in a row. Empty: it is well. */
  readonly refusing: readonly ('read' | 'write' | 'list')[]
  readonly requests: number
  /** Requests that were sent again, among `requests`. */
  readonly repetitions: number
  readonly failures: number
  readonly underWay: number
  /** Requests that may be under way at once, as it adapts. */
  readonly concurrencyLimit: number
  /** How long the service asked not to be asked, from now on, in milliseconds. */
  readonly pausedForMs: number
  /** Until an answer began, over the last requests that were answered, in milliseconds; absent before the first. */
  readonly latencyMs?: { readonly median: number; readonly p95: number } | undefined
}

/** What holds everywhere in a backend. A variant that is `false` here fails with `unsupported` before any I/O. */
export interface Capabilities {
  /** `rendered`: a document reads back differently from what was written. */
  readonly fidelity: 'bytes' | 'rendered'
  readonly layout?: 'path' | 'cas' | undefined
  readonly readonly: boolean
  /** Why, where the storage and not the mount decides it; one or more sentences. */
  readonly readonlyReason?: string | undefined
  /** `native`: the storage decides. `cooperative`: ordered among Nexus processes, not against strangers. */
  readonly ifMatch: 'native' | 'cooperative' | false
  readonly ifNoneMatch: 'native' | 'cooperative' | false
  readonly ranges: boolean
  readonly append: boolean
  readonly metadata: boolean
  /** Whether a directory stays when its last entry goes. */
  readonly emptyDirectories: boolean
  /** `emulated`: the kernel copies, verifies and deletes. */
  readonly rename: 'atomic' | 'emulated' | false
  readonly directoryRename: 'atomic' | 'emulated' | false
  readonly copy: 'server' | 'emulated' | false
  readonly batch: boolean
  readonly versions: boolean
  readonly snapshots: boolean
  readonly changes: 'resumable' | 'live' | false
  readonly search: boolean
  readonly presign: boolean
  readonly maxSizeBytes?: number | undefined
}

/**
 * One place where files are kept: a bucket, a directory, a workspace, the mount table, a remote server. `docs/contract.md` states every
 * rule, and `@nexus/conformance` holds each backend to it. An operation that a store lacks is an absent member.
 * Every failure is a `NexusError`, except an abort, which rejects with `signal.reason`.
 */
export interface Backend {
  readonly scheme: string
  /** Settled before `open` resolves. */
  readonly capabilities: Capabilities
  /** Backends made of backends: what holds at one path. */
  capabilitiesAt?(path: Path): Capabilities
  /**
   * Names the storage and who reads it, without secrets: what is remembered of it stands under this name, for every process of the machine. Absent where
   * the storage is as near as a cache would be; then nothing is remembered.
   */
  readonly cacheScope?: string | undefined
  /** Present where requests go over a network. Asks nothing. */
  serviceHealth?(): ServiceHealth
  /** Present where other backends of the service can copy from here without the bytes leaving it. */
  storedAt?(path: Path): StoredFile
  /** Never fetches content. @throws NexusError `not_found` */
  stat(path: Path, options?: StatOptions): Promise<FileStat>
  /** @throws NexusError `not_found`, `is_directory`, `corrupt`, `precondition_failed` */
  read(path: Path, options?: ReadOptions): Promise<FileContent>
  /** Makes missing parents, replaces an existing file. @throws NexusError `is_directory`, `not_directory` (a file where a parent should be), `precondition_failed` */
  write(path: Path, body: Body, options?: WriteOptions): Promise<FileStat>
  /** @throws NexusError `not_found` unless `force`, `not_empty` unless `recursive`, `precondition_failed` */
  delete(path: Path, options?: DeleteOptions): Promise<void>
  /** Ordered by UTF-8 bytes, a directory as `name/`. @throws NexusError `not_found`, `not_directory`, from the first step of the iteration */
  list(path: Path, options?: ListOptions): AsyncIterable<Entry>
  /** @throws NexusError `already_exists`, `not_found` (parent), `not_directory` */
  mkdir(path: Path, options?: MkdirOptions): Promise<void>
  setMetadata?(path: Path, patch: MetadataPatch, options?: AppendOptions): Promise<FileStat>
  /** Creates the file when it is absent. */
  append?(path: Path, body: Body, options?: AppendOptions): Promise<FileStat>
  /** Files, and by capability directories. Onto itself it changes nothing; into its own child: `invalid_argument`; onto a directory: `is_directory`. */
  rename?(from: Path, to: Path, options?: MoveOptions): Promise<FileStat>
  /** Files, with content type and metadata; a directory where the store can copy one in one step (`copyTree` uses it), else `is_directory`. */
  copy?(from: Path, to: Path, options?: MoveOptions): Promise<FileStat>
  /**
   * Copies a file of another backend inside the service. Options and outcome are those of `copy`.
   * @returns `undefined` where it cannot: another service, or no right to read there; nothing has happened then
   */
  copyFrom?(source: StoredFile, to: Path, options?: MoveOptions): Promise<FileStat | undefined>
  /** Gives the stat after each step, for `delete` the stat before it. */
  batch?(operations: readonly BatchOperation[], options?: CallOptions): Promise<FileStat[]>
  /** Newest first. @throws NexusError `not_found` when nothing of that name has a kept version */
  versions?(path: Path, options?: CallOptions): AsyncIterable<FileVersion>
  /** @throws NexusError `already_exists` when the name is taken at that path */
  snapshot?(path: Path, name: string, options?: CallOptions): Promise<Snapshot>
  snapshots?(path: Path, options?: CallOptions): AsyncIterable<Snapshot>
  deleteSnapshot?(path: Path, name: string, options?: CallOptions): Promise<void>
  /** Never ends by itself: abort or `break`. */
  changes?(path: Path, options?: ChangesOptions): AsyncIterable<Change>
  search?(path: Path, query: string, options?: SearchOptions): AsyncIterable<Match>
  presign?(path: Path, options: PresignOptions): Promise<URL>
  usage?(path: Path, options?: CallOptions): Promise<Usage>
  /** Waits for what is under way, then releases everything; later calls fail with `unavailable`. Twice is once. */
  close(): Promise<void>
}

/** Changes behaviour: caching, retry, read-only, metrics. */
export type Layer = (inner: Backend) => Backend
