import type { Path } from '../contract/paths.ts'
import { isOneFileFailure } from './one-file-failure.ts'
import type { SyncAction, SyncFailure, SyncOptions, SyncProgress, SyncResult } from './sync-options.ts'

const maxTold = 1000

type Counts = { -readonly [K in keyof Omit<SyncResult, 'failures'>]: SyncResult[K] }

/** What a sync has done so far, told as it grows. */
export interface Tally {
  readonly counts: Counts
  /** Something was done, or would be. */
  did(action: SyncAction): void
  /** Bytes of a file under way have passed. */
  passed(path: Path, sizeBytes: number): void
  /** Something was looked at. */
  saw(path: Path): void
  /** Writes the failure of one file down; throws what concerns all of them. */
  survive(path: Path, error: unknown): void
  result(): SyncResult
}

/** Nothing done yet. */
export function createTally({ onProgress, onAction, signal }: Pick<SyncOptions, 'onProgress' | 'onAction' | 'signal'>): Tally {
  const counts: Counts = { files: 0, bytes: 0, passedBytes: 0, directories: 0, updated: 0, unchanged: 0, deleted: 0, links: 0, failed: 0 }
  const failures: SyncFailure[] = []
  const saw = (path: Path): void => onProgress?.({ ...counts, path } satisfies SyncProgress)
  return {
    counts,
    saw,
    did: (action) => {
      counts[countedAs(action)]++
      onAction?.(action)
      saw(action.path)
    },
    passed: (path, sizeBytes) => {
      counts.bytes += sizeBytes
      counts.passedBytes += sizeBytes
      saw(path)
    },
    survive: (path, error) => {
      signal?.throwIfAborted()
      if (!isOneFileFailure(error)) throw error
      counts.failed++
      if (failures.length < maxTold) failures.push({ path: (error.path as Path | undefined) ?? path, code: error.code, reason: error.reason })
      saw(path)
    },
    result: () => ({ ...counts, failures }),
  }
}

const countOf = { copy: 'files', update: 'updated', mkdir: 'directories', delete: 'deleted' } as const satisfies Record<SyncAction['type'], keyof Counts>

function countedAs({ type }: SyncAction): (typeof countOf)[SyncAction['type']] {
  return countOf[type]
}
