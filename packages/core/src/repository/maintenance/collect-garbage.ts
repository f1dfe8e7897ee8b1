import type Database from 'better-sqlite3'
import type { CallOptions } from '../../contract/backend.ts'
import { NexusError } from '../../contract/errors.ts'
import type { Operation } from '../commit.ts'
import type { Repository } from '../context.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { createPace } from './pace.ts'
import { findReferredContents, type ReferredContents } from './referred-contents.ts'
import { applyRetention, type RetentionOptions } from './retention.ts'
import { sweepDeferred } from './sweep-deferred.ts'
import { deleteObjects, sweepLeftovers } from './sweep-leftovers.ts'
import { Trail } from './trail.ts'

/** How garbage is collected. */
export interface GarbageOptions extends CallOptions {
  /** What to let go first; `false` leaves history alone. Default as {@link applyRetention}. */
  readonly retention?: Omit<RetentionOptions, 'signal' | 'onProgress'> | false | undefined
  /** Age from which objects go that no commit refers to, in milliseconds; default one day. In buckets always seven days, and one more until they are deleted. */
  readonly graceMs?: number | undefined
  readonly onProgress?: ((progress: GarbageReport) => void) | undefined
}

/** What was collected. */
export interface GarbageReport {
  /** Versions that retention let go. */
  readonly versions: number
  /** Contents that nothing referred to. Small ones stand in the journal: their space comes back with `compact`. */
  readonly contents: number
  /** Space given back, in bytes. */
  readonly bytes: number
}

interface Candidate {
  readonly digest: string
  readonly key: string | null
  readonly size: number
  readonly part: 0 | 1
}

const graceMs = 24 * 60 * 60 * 1000
const contentsPerCommit = 256

/**
 * Lets contents go that no file, version or snapshot refers to: their keys are dropped by a commit, which a writer of the same content wins or
 * hears of, and their objects are deleted after it. Also what crashes left in `cas/`, `packs/` and `tmp/`.
 * @throws NexusError `read_only`
 */
export async function collectGarbage(repository: Repository, options: GarbageOptions = {}): Promise<GarbageReport> {
  const { signal, retention = {} } = options
  if (repository.readonly) throw new NexusError('read_only', { op: 'gc', path: repository.journal.name })
  const forgotten = retention === false ? { versions: 0 } : await applyRetention(repository, { ...retention, signal })
  let report: GarbageReport = { versions: forgotten.versions, contents: 0, bytes: 0 }
  const add = ({ contents = 0, bytes }: { contents?: number; bytes: number }): void => {
    report = { ...report, contents: report.contents + contents, bytes: report.bytes + bytes }
    options.onProgress?.(report)
  }
  await dropContents(repository, { signal, add })
  const { deferral } = repository.contents
  add({ bytes: await (deferral === undefined ? sweepLeftovers(repository, { graceMs: options.graceMs ?? graceMs, signal }) : sweepDeferred(repository, deferral, signal)) })
  add({ bytes: await repository.contents.sweep({ signal }) })
  return report
}

interface Dropping {
  readonly signal: AbortSignal | undefined
  readonly add: (step: { contents: number; bytes: number }) => void
}

async function dropContents(repository: Repository, { signal, add }: Dropping): Promise<void> {
  await withIndexSnapshot(repository, signal, async ({ database, head }) => {
    const referred = await findReferredContents(repository, database, createPace(signal))
    const trail = new Trail(repository, { from: head, author: 'garbage collection' })
    for (const rows of candidatePages(database)) {
      const dropped = await dropSome(repository, { rows, referred, trail, signal })
      // Where deletion waits, the sweep does it when the time has come.
      const keys = repository.contents.deferral === undefined ? dropped.flatMap(ownKey) : []
      add({ contents: dropped.length, bytes: await deleteObjects(repository, { trail, keys, signal }) })
    }
  })
}

/** What is made of other contents goes before those: whoever is killed in between leaves nothing known whose parts are not. */
const orderOfDropping = [
  'pieces IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lists l WHERE l.digest = c.digest)',
  'pieces IS NOT NULL AND EXISTS (SELECT 1 FROM lists l WHERE l.digest = c.digest)',
  'pieces IS NULL',
]

/** Contents that nothing referred to in the state that the connection holds. Asks for {@link findReferredContents} first. */
function* candidatePages(database: Database.Database): Generator<Candidate[]> {
  database.exec('CREATE TEMP TABLE lists (digest TEXT PRIMARY KEY) WITHOUT ROWID; INSERT OR IGNORE INTO lists SELECT pieces FROM contents WHERE pieces IS NOT NULL')
  for (const condition of orderOfDropping) {
    const page = database.prepare<[string], Candidate>(
      `SELECT digest, key, size, part FROM contents c WHERE digest > ? AND ${condition} AND NOT EXISTS (SELECT 1 FROM referred r WHERE r.digest = c.digest) ORDER BY digest LIMIT ${contentsPerCommit}`,
    )
    for (let rows = page.all(''); rows.length > 0; rows = page.all(rows.at(-1)?.digest ?? '')) yield rows
  }
}

async function dropSome(
  repository: Repository,
  { rows, referred, trail, signal }: { rows: readonly Candidate[]; referred: ReferredContents; trail: Trail; signal: AbortSignal | undefined },
): Promise<readonly Candidate[]> {
  let dropped: readonly Candidate[] = []
  await trail.commit(async (newer) => {
    // Inside the turn: whoever refers to a content from here on finds that it is gone, and stores it again.
    await repository.refresh(signal, true)
    await referred.follow(newer)
    dropped = rows.filter(({ digest, key, part }) => {
      const row = repository.view.content(digest)
      return row?.key === key && !referred.has(digest) && (part === 0 || referred.unreadable.length === 0)
    })
    return { operations: dropped.map(toDrop) }
  }, signal)
  return dropped
}

function toDrop(row: Candidate): Operation {
  const [key] = ownKey(row)
  return key === undefined ? { op: 'drop', digest: row.digest } : { op: 'drop', digest: row.digest, key }
}

/** A pack holds other contents too: it goes when none of them is left. */
function ownKey({ key }: Candidate): string[] {
  return key?.startsWith('cas/') === true ? [key] : []
}
