import type {
  AppendOptions, Backend, BatchOperation, CallOptions, Change, ChangesOptions, DeleteOptions, Entry, FileContent, FileStat, FileVersion,
  ListOptions, Match, MetadataPatch, MkdirOptions, MoveOptions, PresignOptions, ReadOptions, Snapshot, StatOptions, Usage, WriteOptions,
} from '../contract/backend.ts'
import type { CopyTreeOptions, CopyTreeResult } from './copy-tree.ts'
import type { EditOptions, EditResult, TextEdit } from './edit.ts'
import type { GlobOptions } from './glob.ts'
import type { GrepOptions } from './grep.ts'
import type { FileBody } from './normalise-body.ts'
import type { SyncOptions, SyncResult } from '../replication/sync-options.ts'
import type { WatchTreeOptions } from '../replication/watch-tree.ts'

/** One step of {@link SlimNexusFS.batch}, with paths and bodies as people write them. */
export type FileOperation = BatchOperation<string, string | Uint8Array>

/**
 * The filesystem that `mount()` gives: absolute paths, strings and bytes in; bytes, stats and listings out. Every failure is a
 * `NexusError`, except an abort, which rejects with `signal.reason`. Paths are checked by `parsePath` (`invalid_path`), other
 * arguments before any I/O (`invalid_argument`); what a mount cannot do is `unsupported`. An iterable does its first step, and tells its
 * first error, when its iteration begins; `break` stops the work behind it.
 */
export interface SlimNexusFS {
  /** The kernel that everything goes through. */
  readonly backend: Backend
  /** The whole file, or a range of it, in memory; use {@link SlimNexusFS.open} for one of unknown size. @throws NexusError `not_found`, `is_directory`, `corrupt` */
  read(path: string, options?: ReadOptions): Promise<Uint8Array>
  /** The same, decoded as UTF-8; malformed sequences become U+FFFD. */
  readText(path: string, options?: ReadOptions): Promise<string>
  /** The file's stat and its body, once, as bytes, text or stream; disposal cancels what was not read. */
  open(path: string, options?: ReadOptions): Promise<FileContent>
  /** Replaces the file or creates it, with missing parents. @throws NexusError `is_directory`, `precondition_failed`, `read_only`, `no_space` */
  write(path: string, body: FileBody, options?: WriteOptions): Promise<FileStat>
  /** Extends the file or creates it. */
  append(path: string, body: FileBody, options?: AppendOptions): Promise<FileStat>
  /** Replaces exact text; a change by somebody else meanwhile fails with `precondition_failed` and loses nothing. */
  edit(path: string, edits: readonly TextEdit[], options?: EditOptions): Promise<EditResult>
  /** @throws NexusError `not_found` */
  stat(path: string, options?: StatOptions): Promise<FileStat>
  /** Whether a file or directory is there; every failure but `not_found` and `not_directory` rejects. */
  exists(path: string, options?: StatOptions): Promise<boolean>
  /** In order of UTF-8 bytes, a directory as `name/`. @throws NexusError `not_found`, `not_directory` */
  list(path: string, options?: ListOptions): AsyncIterable<Entry>
  /** @throws NexusError `already_exists`, `not_found` (the parent), both only without `recursive` */
  mkdir(path: string, options?: MkdirOptions): Promise<void>
  /** @throws NexusError `not_found` unless `force`, `not_empty` unless `recursive` */
  delete(path: string, options?: DeleteOptions): Promise<void>
  /** Files, and by capability directories; across mounts it copies, verifies and deletes last. */
  rename(from: string, to: string, options?: MoveOptions): Promise<FileStat>
  /** One file with its content type and metadata; {@link SlimNexusFS.copyTree} for directories. */
  copy(from: string, to: string, options?: MoveOptions): Promise<FileStat>
  /** A directory with all below it, in one step where the store can. */
  copyTree(from: string, to: string, options?: CopyTreeOptions): Promise<CopyTreeResult>
  /** Makes a directory hold what another holds, by copying what differs; broken off and begun again it goes on. Files that failed stand in the result. */
  syncTree(from: string, to: string, options?: SyncOptions): Promise<SyncResult>
  /** The same, and then keeps it so until the signal aborts, with whose reason it rejects. */
  watchTree(from: string, to: string, options: WatchTreeOptions): Promise<never>
  /** All steps, in order, or none. The operations belong to one mount. Gives the stat after each step, for `delete` the stat before it. */
  batch(operations: readonly FileOperation[], options?: CallOptions): Promise<FileStat[]>
  /** The kept states of a file, newest first. */
  versions(path: string, options?: CallOptions): AsyncIterable<FileVersion>
  /** Makes a kept state the current one again, as a new write. */
  restore(path: string, version: string, options?: CallOptions): Promise<FileStat>
  /** Keeps a named state of a directory until it is deleted. @throws NexusError `already_exists` */
  snapshot(path: string, name: string, options?: CallOptions): Promise<Snapshot>
  snapshots(path: string, options?: CallOptions): AsyncIterable<Snapshot>
  deleteSnapshot(path: string, name: string, options?: CallOptions): Promise<void>
  /** Merges into the metadata; `null` removes a name. */
  setMetadata(path: string, patch: MetadataPatch, options?: AppendOptions): Promise<FileStat>
  getMetadata(path: string, options?: StatOptions): Promise<Record<string, string>>
  /** Files and directories whose path matches: `*`, `?`, `[a-z]`, `**`, `{a,b}`, `!` first negates. */
  glob(pattern: string | readonly string[], options?: GlobOptions): AsyncIterable<Entry>
  /** Lines that match an RE2 expression, in time linear in what is read; binary files and links are skipped. */
  grep(pattern: string, options?: GrepOptions): AsyncIterable<Match>
  /** What happens at and below `path`, until the signal aborts or the loop breaks. */
  watch(path: string, options?: ChangesOptions): AsyncIterable<Change>
  /** A URL that reads or writes the file without credentials until it expires. */
  presign(path: string, options: PresignOptions): Promise<URL>
  usage(path: string, options?: CallOptions): Promise<Usage>
  /** Waits for what is under way, then releases everything. Twice is once. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
