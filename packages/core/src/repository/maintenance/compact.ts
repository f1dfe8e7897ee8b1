import { randomBytes } from 'node:crypto'
import type { CallOptions } from '../../contract/backend.ts'
import { NexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import type { ContentRow } from '../rows.ts'
import { listCheckpoints, openCheckpoint } from './checkpoint-file.ts'
import { type ContentFault, toContentProblems } from './content-problems.ts'
import { type IndexSnapshot, withIndexSnapshot } from './index-snapshot.ts'
import { encodePack } from './pack.ts'
import { createPace } from './pace.ts'
import type { RepositoryProblem } from './problem.ts'
import { readStoredTwice } from './read-stored.ts'
import { contentRows } from './stored-contents.ts'
import { findSparsePacks } from './sparse-packs.ts'
import { sweepLeftovers } from './sweep-leftovers.ts'
import { Trail } from './trail.ts'
import type { WrittenCheckpoint } from './store-checkpoint.ts'
import { writeCheckpoint } from './write-checkpoint.ts'

/** How a journal is shortened. */
export interface CompactOptions extends CallOptions {
  /** Called after each pack. */
  readonly onProgress?: ((progress: { readonly contents: number; readonly bytes: number }) => void) | undefined
}

/** What compaction did. */
export interface CompactReport {
  /** Size of journal, packs and checkpoints before and after. */
  readonly beforeBytes: number
  readonly afterBytes: number
  /** Contents that were moved into packs, and their size. */
  readonly contents: number
  readonly bytes: number
  /** Contents that were found damaged on the way; the part of the journal that holds them stays. */
  readonly problems: readonly RepositoryProblem[]
}

const packBytes = 16 * 1024 * 1024

/**
 * Moves the living contents of old segments into packs, writes two checkpoints, one before and one after, and lets the segments go that the older
 * one covers: so that even with one checkpoint damaged nothing is missing. Readers and writers may go on meanwhile.
 * @throws NexusError `read_only`, `not_found` where there is no repository yet
 */
export async function compact(repository: Repository, options: CompactOptions = {}): Promise<CompactReport> {
  const { signal } = options
  const beforeBytes = await measure(repository, signal)
  const covered = await writeCheckpoint(repository, { signal })
  const moved = await withIndexSnapshot(repository, signal, (snapshot) => moveContents(repository, snapshot, options))
  if (moved === undefined) throw new NexusError('not_found', { op: 'compact', reason: 'There is no repository here.' })
  await writeCheckpoint(repository, { signal })
  const through = Math.min(await coveredThrough(repository, covered, signal), moved.keptFrom - 1)
  if (through > 0) await repository.journal.removeThrough(through, { signal })
  // In buckets garbage collection takes packs that nobody refers to any more, when their time has come.
  if (repository.contents.deferral === undefined) await sweepLeftovers(repository, { graceMs: -1, prefixes: ['packs/'], signal })
  return { beforeBytes, afterBytes: await measure(repository, signal), contents: moved.contents, bytes: moved.bytes, problems: moved.problems }
}

/** The last commit that the journal can do without: where deletion waits, one whose checkpoint is old enough, and whole when it is read again. */
async function coveredThrough(repository: Repository, written: WrittenCheckpoint, signal: AbortSignal | undefined): Promise<number> {
  const { contents } = repository
  if (contents.deferral === undefined) return written.sequence
  const before = (await contents.deferral.now({ signal })) - contents.deferral.droppedForMs
  for (const { key, sequence, modifiedAt } of await listCheckpoints(contents, signal)) {
    if (modifiedAt.getTime() <= before && (await openCheckpoint(repository, key, signal)) !== undefined) return sequence
  }
  return 0
}

async function measure({ journal, contents }: Repository, signal: AbortSignal | undefined): Promise<number> {
  let bytes = 0
  for (const { sizeBytes } of await journal.segments({ signal })) bytes += sizeBytes
  for (const prefix of ['packs/', 'checkpoints/']) for await (const { sizeBytes } of contents.list(prefix, { signal })) bytes += sizeBytes
  return bytes
}

interface Moved {
  readonly contents: number
  readonly bytes: number
  readonly problems: readonly RepositoryProblem[]
  /** First commit of the oldest segment that holds what was not moved: the segment that was written just then, or one with damage in it. */
  readonly keptFrom: number
}

async function moveContents(repository: Repository, { database, head }: IndexSnapshot, { signal, onProgress }: CompactOptions): Promise<Moved> {
  const trail = new Trail(repository, { from: head, author: 'compaction' })
  const faults = new Map<string, ContentFault>()
  const pace = createPace(signal)
  // What is written to now is left as it is, also when compaction's own commits begin the next segment.
  const last = (await repository.journal.segments({ signal })).at(-1)?.first ?? 0
  let keptFrom = last
  let moved = { contents: 0, bytes: 0 }
  let waiting: { digest: string; bytes: Uint8Array }[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return
    await storePack(repository, { trail, waiting, signal })
    moved = { contents: moved.contents + waiting.length, bytes: moved.bytes + size }
    waiting = []
    size = 0
    onProgress?.(moved)
  }
  for (const row of await movable(repository, { database, before: last, signal })) {
    const bytes = await readStoredTwice(repository, row, signal)
    if (typeof bytes === 'string') {
      faults.set(row.digest, { message: `it is ${bytes}`, key: row.key })
      keptFrom = Math.min(keptFrom, row.segment ?? keptFrom)
    } else {
      waiting.push({ digest: row.digest, bytes })
      size += bytes.length
    }
    if (size >= packBytes) await flush()
    await pace()
  }
  await flush()
  return { ...moved, keptFrom, problems: await toContentProblems(repository, { database, faults, pace }) }
}

/** Contents in segments that can go, and in packs that hold little else that lives. */
async function movable(
  repository: Repository,
  { database, before, signal }: { database: IndexSnapshot['database']; before: number; signal: AbortSignal | undefined },
): Promise<Generator<ContentRow>> {
  const sparse = await findSparsePacks(repository, database, signal)
  const packs = sparse.map((key) => `'${key}'`).join(', ')
  return contentRows(database, `(segment < ${before} OR key IN (${packs}))`)
}

async function storePack(
  repository: Repository,
  { trail, waiting, signal }: { trail: Trail; waiting: readonly { readonly digest: string; readonly bytes: Uint8Array }[]; signal: AbortSignal | undefined },
): Promise<void> {
  const { bytes, offsets } = encodePack(repository, waiting)
  const key = `packs/${randomBytes(16).toString('hex')}`
  const staged = await repository.contents.stage(key, bytes, { durability: 'fsync', signal })
  const operations = [...offsets].map(([digest, offset]) => ({ op: 'relocate' as const, digest, key, offset }))
  await trail.commit(() => ({ operations, staged: [staged] }), signal)
}
