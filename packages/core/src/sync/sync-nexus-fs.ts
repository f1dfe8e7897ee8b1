import type {
  AppendOptions, CallOptions, DeleteOptions, Entry, FileStat, FileVersion, ListOptions, Match, MetadataPatch, MkdirOptions, MoveOptions,
  PresignOptions, ReadOptions, Snapshot, StatOptions, Usage, WriteOptions,
} from '../contract/backend.ts'
import type { CopyTreeOptions, CopyTreeResult } from '../facade/copy-tree.ts'
import type { EditOptions, EditResult, TextEdit } from '../facade/edit.ts'
import type { GlobOptions } from '../facade/glob.ts'
import type { GrepOptions } from '../facade/grep.ts'
import type { FileOperation } from '../facade/slim-nexus-fs.ts'
import type { MountInfo, UnmountOptions } from '../kernel/mount-info.ts'
import type { ConfigSource, UriSource } from '../mounting/mount-source.ts'
import type { SyncOptions, SyncResult } from '../replication/sync-options.ts'

/** Options of a verb with `timeoutMs` in the place of `signal`: an abort cannot reach a thread that waits. */
export type Timed<Options> = Omit<Options, 'signal'> & {
  /** Longest wait in milliseconds, for each step where there are several (an iteration, a large body); then `timeout`. */
  readonly timeoutMs?: number | undefined
}

/** A body as it can be given without promises: an iterable is read once, piece by piece, and may itself read from this filesystem. */
export type SyncBody = string | Uint8Array | Iterable<Uint8Array>

/** One body, once: call exactly one of `bytes`, `text`, `stream`. Disposal cancels what was not read. */
export interface SyncFileContent {
  readonly stat: FileStat
  bytes(): Uint8Array
  text(): string
  stream(): Iterable<Uint8Array>
  [Symbol.dispose](): void
}

/**
 * `SlimNexusFS` without promises: each call blocks this thread while the real one works on a thread of its own. Same verbs, same
 * errors; options take `timeoutMs` instead of `signal`; iterables are fetched page by page as they are read. There is no `watch`.
 */
export interface SyncNexusFS {
  read(path: string, options?: Timed<ReadOptions>): Uint8Array
  readText(path: string, options?: Timed<ReadOptions>): string
  open(path: string, options?: Timed<ReadOptions>): SyncFileContent
  write(path: string, body: SyncBody, options?: Timed<WriteOptions>): FileStat
  append(path: string, body: SyncBody, options?: Timed<AppendOptions>): FileStat
  edit(path: string, edits: readonly TextEdit[], options?: Timed<EditOptions>): EditResult
  stat(path: string, options?: Timed<StatOptions>): FileStat
  exists(path: string, options?: Timed<StatOptions>): boolean
  list(path: string, options?: Timed<ListOptions>): Iterable<Entry>
  mkdir(path: string, options?: Timed<MkdirOptions>): void
  delete(path: string, options?: Timed<DeleteOptions>): void
  rename(from: string, to: string, options?: Timed<MoveOptions>): FileStat
  copy(from: string, to: string, options?: Timed<MoveOptions>): FileStat
  copyTree(from: string, to: string, options?: Timed<Omit<CopyTreeOptions, 'onProgress' | 'onPass'>>): CopyTreeResult
  syncTree(from: string, to: string, options?: Timed<Omit<SyncOptions, 'onProgress' | 'onAction'>>): SyncResult
  batch(operations: readonly FileOperation[], options?: Timed<CallOptions>): FileStat[]
  versions(path: string, options?: Timed<CallOptions>): Iterable<FileVersion>
  restore(path: string, version: string, options?: Timed<CallOptions>): FileStat
  snapshot(path: string, name: string, options?: Timed<CallOptions>): Snapshot
  snapshots(path: string, options?: Timed<CallOptions>): Iterable<Snapshot>
  deleteSnapshot(path: string, name: string, options?: Timed<CallOptions>): void
  setMetadata(path: string, patch: MetadataPatch, options?: Timed<AppendOptions>): FileStat
  getMetadata(path: string, options?: Timed<StatOptions>): Record<string, string>
  glob(pattern: string | readonly string[], options?: Timed<GlobOptions>): Iterable<Entry>
  grep(pattern: string, options?: Timed<GrepOptions>): Iterable<Match>
  presign(path: string, options: Timed<PresignOptions>): URL
  usage(path: string, options?: Timed<CallOptions>): Usage
  listMounts(): MountInfo[]
  getMountInfo(path: string): MountInfo | undefined
  /**
   * Waits for what is under way, closes the filesystem and ends its thread, which it does also when closing fails or `timeoutMs` is over; later
   * calls fail with `unavailable`. Twice is once. A process may also end without it.
   */
  close(options?: Timed<object>): void
  [Symbol.dispose](): void
}

/** What `connectSync()` gives: the mounts can change while it is in use. */
export interface SyncConnectedNexusFS extends SyncNexusFS {
  readonly mountManager: {
    /** @returns The mount's id. */
    addMount(source: string | ConfigSource | UriSource, options?: Timed<object>): string
    removeMount(idOrMountPoint: string, options?: Timed<UnmountOptions>): void
  }
}
