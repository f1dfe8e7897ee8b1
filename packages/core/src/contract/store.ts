import type { CallOptions } from './backend.ts'

/** A value at once, or later: local storage answers small questions without a thread-pool hop, buckets cannot. */
export type MaybePromise<T> = T | Promise<T>

/** Where a commit stands in the journal; buckets put one commit in one object, so that `segment` is its sequence and `offset` 0. */
export interface JournalPosition {
  /** Number of the commit; 0 before the first. */
  readonly sequence: number
  /** Number of the segment, which is the sequence of its first commit. */
  readonly segment: number
  /** First byte after the commit, in its segment. */
  readonly offset: number
}

/** A framed commit as it was found. */
export interface JournalEntry {
  /** Where the next commit begins. */
  readonly end: JournalPosition
  /** Offset of the record's first byte in its segment. */
  readonly start: number
  readonly record: Uint8Array
}

/** Bytes of an inline content: a part of one record. */
export interface InlineLocation {
  readonly segment: number
  readonly offset: number
  readonly sizeBytes: number
}

export type Durability = 'fsync' | 'os'

export interface JournalWriteOptions extends CallOptions {
  /** `fsync`: resolves when the records are on disk. `os`: when they would survive the process. */
  readonly durability: Durability
}

/** What happens while the order of commits is ours to decide. */
export interface JournalTurn {
  /** Commits that others published since the position given, oldest first; more may come when the arbiter decided against us. */
  readonly newer: readonly JournalEntry[]
}

/**
 * The order of commits, and where their bytes are kept. It knows the framing of a record (`record.ts`) and nothing of what is in it.
 * Implementations: segments under a lock (`@nexus/backend-local`), one create-only object a commit (buckets).
 */
export interface JournalStore {
  /** Stable name of the storage for messages: a directory or bucket URL. */
  readonly name: string
  /** Reads `nexus.json`; `undefined` when there is none. @throws NexusError `corrupt` when a journal stands there without one */
  readDescriptor(options?: CallOptions): Promise<Uint8Array | undefined>
  /** Writes `nexus.json` create-only, with the directories that a repository needs. @throws NexusError `already_exists` */
  createDescriptor(bytes: Uint8Array, options?: CallOptions): Promise<void>
  /** Commits published after `position`, oldest first; none when nothing is new, which costs one small read. */
  newer(position: JournalPosition, options?: CallOptions): MaybePromise<readonly JournalEntry[]>
  /** Every commit from the beginning (or from `after`), for a rebuild: pages, oldest first. */
  scan(after: JournalPosition, options?: CallOptions): AsyncIterable<readonly JournalEntry[]>
  /**
   * Takes the turn to commit. `prepare` gets what others published meanwhile, and gives the records to append, numbered from there on; it may
   * be called again when another writer was first. Nothing to append: an empty list.
   * @returns The end of each record, when they are as durable as asked.
   * @throws NexusError `busy` (lock), `no_space`, `outcome_unknown`, `corrupt`, `read_only`
   */
  append(from: JournalPosition, prepare: (turn: JournalTurn) => MaybePromise<readonly Uint8Array[]>, options: JournalWriteOptions): Promise<readonly JournalEntry[]>
  /** @throws NexusError `not_found` when that part of the journal was compacted away */
  readInline(location: InlineLocation): MaybePromise<Uint8Array>
  close(): Promise<void>
}

/**
 * Immutable bytes under keys (REPOSITORY.md, section 1). It knows nothing of digests: who writes gives the key.
 */
export interface ContentStore {
  /** Stages bytes; they are durable (`fsync`) when this resolves, but not yet under their key. */
  stage(body: Uint8Array, options: CallOptions & { readonly durability: Durability }): Promise<StagedContent>
  /** Opens for reading. @throws NexusError `not_found` */
  read(key: string, range: { readonly offset: number; readonly length: number }, options?: CallOptions): MaybePromise<Uint8Array>
  /** Keys with their sizes and times, in no order. */
  list(options?: CallOptions): AsyncIterable<{ readonly key: string; readonly sizeBytes: number; readonly modifiedAt: Date }>
  /** Absent is success. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>
}

/** Bytes on their way to a key. */
export interface StagedContent {
  readonly sizeBytes: number
  /** Puts the bytes under `key`, inside the turn to commit; replaces nothing that is there. */
  publish(key: string): MaybePromise<void>
  /** Gives the space back. */
  discard(): Promise<void>
}
