import type { CallOptions } from './backend.ts'

/** A value at once, or later: local storage answers small questions without a thread-pool hop, buckets cannot. */
export type MaybePromise<T> = T | Promise<T>

/** Goes on with a value when it is there: at once, or later. What `use` throws at once is thrown at once. */
export function whenReady<T, R>(value: MaybePromise<T>, use: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(use) : use(value)
}

/** `fsync`: acknowledged is on disk. `os`: acknowledged survives the process, not a power cut. */
export type Durability = 'fsync' | 'os'

/** Where the journal goes on. In a bucket one commit is one object: `segment` is its sequence. */
export interface JournalPosition {
  /** Number of the last commit; 0 before the first. */
  readonly sequence: number
  /** Number of the segment that holds it, which is the sequence of that segment's first commit; 0 before the first. */
  readonly segment: number
  /** First byte after the commit, in its segment. */
  readonly offset: number
}

/** The journal before its first commit. */
export const journalStart: JournalPosition = { sequence: 0, segment: 0, offset: 0 }

/** A commit as it stands in the journal. */
export interface JournalEntry {
  readonly sequence: number
  /** Flags of its record (`record.ts`). */
  readonly flags: number
  /** The header's bytes, checked against their CRC. */
  readonly header: Uint8Array
  /** Where its inline contents begin, in its segment. */
  readonly contentOffset: number
  /** Where the next commit begins. */
  readonly end: JournalPosition
}

/** Bytes of an inline content: a part of one record. */
export interface InlineLocation {
  readonly segment: number
  readonly offset: number
  readonly sizeBytes: number
}

/** How durable a write is when its promise resolves. */
export interface DurableOptions extends CallOptions {
  readonly durability: Durability
}

/**
 * The order of commits, and where their bytes are kept. It knows the framing of a record (`record.ts`) and nothing of what is in it.
 * Implementations: segments under a lock (`@nexus/backend-local`), one create-only object a commit (buckets).
 */
export interface JournalStore {
  /** The storage in a person's words, for messages: a directory, a bucket's URL. */
  readonly name: string
  /** Equal for two stores that are the same storage, whatever path led there. */
  readonly identity: string
  /** Changes when bytes that were never synced may have been lost since: the machine's boot id; constant for buckets. */
  readonly epoch: string
  /** Largest group of commits, in bytes; only a single commit may be larger. Default 32 MiB. */
  readonly maxGroupBytes?: number | undefined
  /** Reads `nexus.json`; `undefined` when the storage is empty. @throws NexusError `corrupt` when a journal stands there without a valid one */
  readDescriptor(options?: CallOptions): Promise<Uint8Array | undefined>
  /** Writes `nexus.json` create-only, durably, after a second look that the storage is still empty. @throws NexusError `already_exists`, `not_empty` */
  createDescriptor(bytes: Uint8Array, options?: CallOptions): Promise<void>
  /** Id of the repository whose journal stands there, also when `nexus.json` is lost or damaged; `undefined` without a journal. */
  repositoryId(options?: CallOptions): Promise<string | undefined>
  /** Writes `nexus.json` again where it was lost or damaged beside a journal. @throws NexusError `already_exists` when that of another repository stands there */
  replaceDescriptor(bytes: Uint8Array, options?: CallOptions): Promise<void>
  /** Lets an empty journal begin behind commit `sequence`: for a repository that is made from a checkpoint. @throws NexusError `already_exists` when it has a beginning */
  begin(sequence: number, options?: CallOptions): Promise<void>
  /** Commits published after `position`, oldest first. Nothing new costs one small read. May hold back what comes after a bounded number of bytes: call again until it is empty. */
  newer(position: JournalPosition, options?: CallOptions): MaybePromise<readonly JournalEntry[]>
  /** The entry that ends at `position`; `undefined` when the journal has no such commit (any more). Used to check an index's head. */
  entryAt(position: JournalPosition, options?: CallOptions): MaybePromise<JournalEntry | undefined>
  /** Sequence of the oldest commit that the journal still holds; 1 until compaction, `undefined` when it holds none. */
  oldest(options?: CallOptions): Promise<number | undefined>
  /** Resolves when commits after `position` may have been published. */
  wait(position: JournalPosition, options?: CallOptions): Promise<void>
  /**
   * Takes the turn to commit. `prepare` gets what was published after `from`, and gives the framed records to append, numbered from there on; it is
   * called again when another writer was first (then with what came since). It may give none. Its own error ends the turn and is thrown on.
   * @returns An entry for each record, when they are as durable as asked and published: at once where nothing has to be waited for. Failures are rejections, never thrown.
   * @throws NexusError `busy` (lock), `no_space`, `outcome_unknown`, `corrupt`, `read_only`
   */
  append(from: JournalPosition, prepare: (newer: readonly JournalEntry[]) => MaybePromise<readonly Uint8Array[]>, options: DurableOptions): MaybePromise<readonly JournalEntry[]>
  /** Makes everything published so far durable. */
  sync(options?: CallOptions): Promise<void>
  /** @throws NexusError `not_found` when that part of the journal was compacted away */
  readInline(location: InlineLocation): MaybePromise<Uint8Array>
  /** The parts of the journal, oldest first, with the sequence of each one's last commit, and in buckets the store's date of its writing. */
  segments(options?: CallOptions): Promise<readonly { readonly first: number; readonly last: number; readonly sizeBytes: number; readonly modifiedAt?: Date | undefined }[]>
  /** Lets whole segments go whose commits all have at most this sequence; never the last segment. */
  removeThrough(sequence: number, options?: CallOptions): Promise<void>
  close(): Promise<void>
}

/** Bytes on their way to a key. */
export interface StagedContent {
  /** Puts the bytes under their key; called inside the turn to commit. Replaces what a crash may have left there. */
  publish(): MaybePromise<void>
  /** Gives the space back; after `publish` it does nothing. */
  discard(): MaybePromise<void>
}

/** Where no lock keeps others from what is deleted, time does. All by the store's clock, in milliseconds. */
export interface DeletionDeferral {
  /** So long after its `drop` a key's object goes, and so long after a checkpoint that covers them parts of the journal. */
  readonly droppedForMs: number
  /** So old an object must be before it is dropped because no commit refers to it. */
  readonly unreferredForMs: number
  /** So long a pin lives when it is not renewed. */
  readonly pinnedForMs: number
  /** The store's time, milliseconds since the epoch; costs a write. */
  now(options?: CallOptions): Promise<number>
}

/**
 * Immutable objects under keys: `cas/<aa>/<key>`, `packs/<id>`, `checkpoints/<sequence>-<digest>`, `pins/<id>`, and what was put out of use as
 * `quarantine/<the key with _ for />`. It knows nothing of digests.
 */
export interface ContentStore {
  /** Parts of one large content that may be staged at the same time; each takes 8 MiB of memory. Default 1. */
  readonly uploadsAtOnce?: number | undefined
  /** Pieces of one large content that are read at the same time; each takes 1 MiB of memory. Default 2. */
  readonly readsAtOnce?: number | undefined
  /** Present where objects are visible as soon as they are staged, and deletion waits; absent: at once, inside the turn to commit. */
  readonly deferral?: DeletionDeferral | undefined
  /** Stores the bytes out of the way; durable when this resolves if `fsync` is asked. The body is not changed until then. */
  stage(key: string, body: Uint8Array, options: DurableOptions): Promise<StagedContent>
  /** Makes what was published durable: the directories touched. Called inside the turn, before the commit that refers to it. */
  settle(options: DurableOptions): MaybePromise<void>
  /** Makes objects durable that were written under `os`; a missing one is `not_found`. */
  sync(keys: readonly string[], options?: CallOptions): Promise<void>
  /** Exactly `length` bytes from `offset`. @throws NexusError `not_found`, `corrupt` when it is shorter */
  read(key: string, range: { readonly offset: number; readonly length: number }, options?: CallOptions): MaybePromise<Uint8Array>
  /** @throws NexusError `not_found` */
  stat(key: string, options?: CallOptions): Promise<{ readonly sizeBytes: number; readonly modifiedAt: Date }>
  /** Everything below a prefix (`cas/`), in no order; unknown files are left out. */
  list(prefix: string, options?: CallOptions): AsyncIterable<{ readonly key: string; readonly sizeBytes: number; readonly modifiedAt: Date }>
  /** Absent is success. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>
  /** Takes a damaged object out of use without losing it: locally it is moved to `quarantine/`. */
  quarantine(key: string): Promise<void>
  /** Removes what writers that are gone left behind (`tmp/`). @returns Number of bytes given back. */
  sweep(options?: CallOptions): Promise<number>
}
