import { performance } from 'node:perf_hooks'
import type { CallOptions } from '../../contract/backend.ts'
import type { Repository } from '../context.ts'
import { abortableDelay } from '../delay.ts'
import type { ContentRow } from '../rows.ts'
import { type ContentFault, spreadFaults, toContentProblems } from './content-problems.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { createPace } from './pace.ts'
import type { RepositoryProblem } from './problem.ts'
import { readStoredTwice } from './read-stored.ts'
import { contentRows, hasBytes } from './stored-contents.ts'

/** How contents are read through. */
export interface ScrubOptions extends CallOptions {
  /** At most so many bytes a second are read; default unlimited. */
  readonly bytesPerSecond?: number | undefined
  readonly onProgress?: ((progress: { readonly contents: number; readonly bytes: number }) => void) | undefined
}

/** What was read, and what was wrong. */
export interface ScrubReport {
  readonly contents: number
  readonly bytes: number
  /** Each is in quarantine now, unless the repository is read-only. */
  readonly problems: readonly RepositoryProblem[]
}

/**
 * Reads and verifies every content. What reads wrong twice is put in quarantine: it is not served, not deleted and no longer known, so that writing
 * the same bytes again heals every file that has them.
 */
export async function scrub(repository: Repository, options: ScrubOptions = {}): Promise<ScrubReport> {
  const { signal, bytesPerSecond, onProgress } = options
  const report = await withIndexSnapshot(repository, signal, async ({ database }) => {
    const pace = createPace(signal)
    const throttle = createThrottle(bytesPerSecond, signal)
    const faults = new Map<string, ContentFault>()
    const seen = { contents: 0, bytes: 0 }
    for (const row of contentRows(database, hasBytes)) {
      const fault = await examine(repository, row, signal)
      if (fault !== undefined) faults.set(row.digest, fault)
      seen.contents++
      seen.bytes += row.size
      onProgress?.({ ...seen })
      await throttle(seen.bytes)
      await pace()
    }
    const found = new Map(faults)
    await spreadFaults(repository, { database, faults, pace })
    const problems = await toContentProblems(repository, { database, faults, pace })
    for (const digest of found.keys()) await repository.quarantine(digest)
    return { ...seen, problems }
  })
  return report ?? { contents: 0, bytes: 0, problems: [] }
}

/** What is wrong with a content; it may have been moved or dropped since the snapshot, which is no fault. */
async function examine(repository: Repository, row: ContentRow, signal: AbortSignal | undefined): Promise<ContentFault | undefined> {
  if (typeof (await readStoredTwice(repository, row, signal)) !== 'string') return undefined
  await repository.refresh(signal, true)
  const now = repository.view.content(row.digest)
  if (now === undefined) return undefined
  const found = await readStoredTwice(repository, now, signal)
  return typeof found === 'string' ? { message: `it is ${found}`, key: now.key } : undefined
}

function createThrottle(bytesPerSecond: number | undefined, signal: AbortSignal | undefined): (bytes: number) => Promise<void> | undefined {
  const start = performance.now()
  return (bytes) => {
    const aheadMs = bytesPerSecond === undefined ? 0 : (bytes / bytesPerSecond) * 1000 - (performance.now() - start)
    return aheadMs < 1 ? undefined : abortableDelay(aheadMs, signal)
  }
}
