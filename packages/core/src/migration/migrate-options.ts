import type { CallOptions } from '../contract/backend.ts'
import type { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'

/** Something that the other storage cannot take. */
export interface MigrationLoss {
  readonly kind: 'versions' | 'snapshots' | 'metadata' | 'links' | 'specials' | 'emptyDirectories' | 'files'
  /** How many, where that is known. */
  readonly count?: number | undefined
  /** The first of them. */
  readonly path?: Path | undefined
  /** What is lost and why, as a sentence. */
  readonly reason: string
}

/** How far a migration is. */
export interface MigrateProgress {
  /** `switching`: changes to the mount wait. */
  readonly phase: 'looking' | 'copying' | 'switching' | 'following'
  /** Files that were looked at or copied in this phase. */
  readonly files: number
  /** Bytes that were copied in this phase. */
  readonly bytes: number
}

/** How a mount is moved to other storage. */
export interface MigrateOptions extends CallOptions {
  /** Looks what would be moved and what would be lost, and changes nothing. Default false. */
  readonly dryRun?: boolean | undefined
  /** Reads everything at both places before the switch, while changes wait. Default: counts, sizes, and digests where both tell them; each copy is verified anyway. */
  readonly checksum?: boolean | undefined
  /** Migrates although the other storage cannot take everything. Default false. */
  readonly allowLoss?: boolean | undefined
  /** Options of the backend that a URI does not tell. */
  readonly options?: object | undefined
  /** Holds back what passes through this process. Default: no limit. */
  readonly bytesPerSecond?: number | undefined
  /** Files under way at once. Default 8. */
  readonly concurrency?: number | undefined
  /**
   * Goes on after the switch and brings along what other processes, which have the old storage mounted still, change there, until the signal aborts; nothing
   * is deleted by it, and of two that changed one file the newer is kept. Default false.
   */
  readonly follow?: boolean | undefined
  readonly onProgress?: ((progress: MigrateProgress) => void) | undefined
  /** Told of what is lost before anything is copied. */
  readonly onLosses?: ((losses: readonly MigrationLoss[]) => void) | undefined
  /** Called when the mount leads to the other storage. */
  readonly onSwitch?: ((result: MigrateResult) => void) | undefined
  /** With `follow`: told why something failed that will be tried again. */
  readonly onRetry?: ((error: NexusError) => void) | undefined
}

/** What a migration did; in a dry run what it would have. */
export interface MigrateResult {
  readonly mountPoint: Path
  /** URI of the storage that was left as it stands, where it has one. */
  readonly from?: string | undefined
  readonly to: string
  /** Whether the mount leads to the other storage now. */
  readonly isSwitched: boolean
  /** Whether `mounts.json` says so for later. */
  readonly isRemembered: boolean
  /** What the mount holds. */
  readonly files: number
  readonly directories: number
  readonly bytes: number
  /** Files that this run copied; some may have been copied again because they changed. */
  readonly copiedFiles: number
  readonly copiedBytes: number
  /** How long changes to the mount waited, in milliseconds. */
  readonly heldMs: number
  readonly losses: readonly MigrationLoss[]
}
