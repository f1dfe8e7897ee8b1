import type { Path } from '../contract/paths.ts'
import type { ContentStore, Durability, JournalPosition, JournalStore, MaybePromise } from '../contract/store.ts'
import type { RecordCodec } from '../contract/record.ts'
import type { EntryRow, State } from './rows.ts'
import type { Hasher } from './digest.ts'
import type { CommitContent, CommitHeader, Operation } from './commit.ts'
import type { IndexReader } from './index-reader.ts'
import type { RepositoryProblem } from './maintenance/problem.ts'
import type { StagedContent } from '../contract/store.ts'

/** What `nexus.json` says. */
export interface Descriptor {
  readonly marker: 'nexus-repository'
  readonly format: 1
  readonly id: string
  readonly digest: 'blake3' | 'sha256'
  readonly inlineLimitBytes: number
  /** Milliseconds since the epoch. */
  readonly created: number
  /** Who numbers commits: `journal`, or `postgres:<id>`. */
  readonly authority: string
}

/** The present as this process knows it. */
export interface View extends Pick<State, 'entry' | 'content'> {
  /** The node of an existing directory; `undefined` when it is missing or a file. */
  findDirectory(path: Path): number | undefined
  /** One page of a directory, ordered by key. */
  children(directory: number, after: string, limit: number): readonly EntryRow[]
}

/** A commit while it is being planned: each operation is visible to the next. */
export interface Draft {
  readonly view: Pick<State, 'entry' | 'content'>
  readonly sequence: number
  readonly time: number
  /** The node of an existing directory; `undefined` when it is missing or a file. */
  directory(path: Path): number | undefined
  hasChildren(directory: number): boolean
  /** The next free node. */
  mint(): number
  apply(operation: Operation): void
  /** Adds a content unless it is known; the bytes are inline, or staged under its key. */
  store(content: PreparedContent): void
}

/** A content on its way into the repository. */
export interface PreparedContent {
  readonly digest: string
  readonly size: number
  /** Itself and what it is made of, in the order in which they are committed. */
  readonly members: readonly PreparedMember[]
  /** Digests of all that it is made of, known before or not; they must still be known when it is committed. */
  readonly needs?: readonly string[]
}

/** One content of a commit, with its bytes. */
export interface PreparedMember {
  readonly content: CommitContent
  readonly inline?: Uint8Array
  readonly staged?: StagedContent
}

/** Plans a commit under the turn; called again when another writer was first. Throws what the caller gets. */
export type Plan<T> = (draft: Draft) => T

/** An open repository. */
export interface Repository {
  readonly journal: JournalStore
  readonly contents: ContentStore
  readonly codec: RecordCodec
  readonly hasher: Hasher
  readonly descriptor: Descriptor | undefined
  readonly durability: Durability
  readonly verify: 'full' | 'none'
  readonly readonly: boolean
  /** Why it is read-only, where somebody has to be told. */
  readonly readonlyReason: string | undefined
  readonly now: () => number
  readonly view: View
  readonly position: JournalPosition
  /** Files that a power cut set back to an older version, found when the repository was opened. */
  readonly recovered: readonly RepositoryProblem[]
  /** Refuses new work once the repository is being closed. @throws NexusError `unavailable` */
  enter(): void
  /** Brings the view to what is published now, or was within the mount's freshness; with `isFresh` to what is published now in any case. */
  refresh(signal?: AbortSignal, isFresh?: boolean): MaybePromise<void>
  /** What to wait for while the view has nothing to stand on; `undefined` nearly always. */
  settled(): Promise<void> | undefined
  /** Brings the index itself to the view's position; history is read from it. */
  settleIndex(signal?: AbortSignal, isFresh?: boolean): Promise<IndexReader | undefined>
  /** Makes the storage a repository when it is none yet. */
  ensureCreated(signal?: AbortSignal): MaybePromise<void>
  commit<T>(plan: Plan<T>, options?: { readonly signal?: AbortSignal | undefined }): Promise<{ readonly result: T; readonly header: CommitHeader | undefined }>
  /** Named states of a directory or file, as of the view. */
  snapshots(node: number): readonly { readonly name: string; readonly sequence: number; readonly time: number }[]
  /** Whether an object of this key was let go once; then it is never written again. */
  wasDropped(key: string): boolean
  /** Takes a damaged content out of use: not served, not known, not deleted. Does nothing in a read-only repository but refuse. */
  quarantine(digest: string): Promise<void>
  /** Makes the index anew from the journal, because SQLite found it damaged. */
  rebuildIndex(): Promise<void>
  /** Goes over to the index that stands at its place now, and makes one where none does: the file that was open was deleted, or replaced by another process. */
  reopenIndex(): Promise<void>
  /** Runs until its promise settles; `close` waits for it. */
  track<T>(work: Promise<T>): Promise<T>
}
