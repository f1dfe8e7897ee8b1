import type { CallOptions } from '../contract/backend.ts'
import type { ErrorCode } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'

/**
 * Says what takes part in a sync. A pattern is a glob (`*`, `?`, `[a-z]`, `**`, `{a,b}`; names that begin with `.` match too) of a path below the
 * synced directory: with `/` at its beginning from there on, else at any depth; with `/` at its end of directories only. It stands for what it
 * matches and for all below that.
 */
export type SyncRule = { readonly include: string } | { readonly exclude: string }

/** What a sync would do, or has done. */
export interface SyncAction {
  /** `update`: content stays, metadata change. */
  readonly type: 'copy' | 'update' | 'mkdir' | 'delete'
  readonly kind: 'file' | 'directory'
  /** Where it happens, at the target. */
  readonly path: Path
  /** Of the file at the source; for `delete` of the one at the target. */
  readonly sizeBytes?: number | undefined
}

/** One file or directory for which it failed; plain, so that it crosses threads and processes as it is. */
export interface SyncFailure {
  readonly path: Path
  readonly code: ErrorCode
  /** Why, and what to do about it, as one or more sentences. */
  readonly reason: string
}

/** What a sync did; in a dry run what it would have done. */
export interface SyncResult {
  /** Files that were copied. */
  readonly files: number
  /** Their sizes, and during the sync what has passed of those under way. */
  readonly bytes: number
  /** Bytes that passed through this process; what a service copies by itself is not among them. */
  readonly passedBytes: number
  /** Directories that were made as such: empty ones, and the target itself. */
  readonly directories: number
  /** Files whose content was the same and whose metadata were brought along. */
  readonly updated: number
  /** Files that were the same already. */
  readonly unchanged: number
  /** Files and directories that were deleted at the target. */
  readonly deleted: number
  /** Links at the source, which are never followed. */
  readonly links: number
  /** Files and directories for which it failed; `failures` tells the first thousand. */
  readonly failed: number
  readonly failures: readonly SyncFailure[]
}

/** How far a sync is. */
export interface SyncProgress extends Omit<SyncResult, 'failures'> {
  /** What was looked at or worked on last. */
  readonly path: Path
}

/** How two directories are made equal. */
export interface SyncOptions extends CallOptions {
  /**
   * Deletes at the target what the source does not have, after everything was copied without a failure; never what the filter leaves out. Default
   * false.
   */
  readonly delete?: boolean | undefined
  /** Lets `delete` take everything away when nothing at the source takes part, which more often is a disk that is not there. Default false. */
  readonly allowEmptySource?: boolean | undefined
  /** Tells `onAction` what would be done and changes nothing. Default false. */
  readonly dryRun?: boolean | undefined
  /**
   * The first rule that matches decides. What none matches takes part, unless the last rule is an inclusion: `[{ include: '*.md' }]` is these alone,
   * `[{ exclude: '*.tmp' }]` all but these. Default: everything takes part.
   */
  readonly filter?: readonly SyncRule[] | undefined
  /** Compares contents where sizes and times would say that a file is the same. Default false. */
  readonly checksum?: boolean | undefined
  /** Holds back what passes through this process. Default: no limit. */
  readonly bytesPerSecond?: number | undefined
  /** Files under way at once. Default 8. */
  readonly concurrency?: number | undefined
  /** Takes what other mounts hold below `from` along, and deletes also in mounts below the target. Default false. */
  readonly crossMounts?: boolean | undefined
  /** Called when bytes have passed and after each file. */
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined
  /** Called for each thing that was done; in a dry run for each that would be. */
  readonly onAction?: ((action: SyncAction) => void) | undefined
}
