import type { CallOptions } from '../../contract/backend.ts'
import type { Repository } from '../context.ts'
import { isDamagedDatabase } from '../index-schema.ts'
import { checkContents, type ContentCheck } from './check-contents.ts'
import { checkIndex } from './check-index.ts'
import { checkJournal, type JournalCheck } from './check-journal.ts'
import { checkObjects, checkSnapshots } from './check-objects.ts'
import { countFiles } from './count-files.ts'
import { toContentProblems } from './content-problems.ts'
import { type IndexSnapshot, withIndexSnapshot } from './index-snapshot.ts'
import { createPace } from './pace.ts'
import type { RepositoryProblem } from './problem.ts'
import { repairContents } from './repair-contents.ts'
import { writeCheckpoint } from './write-checkpoint.ts'

/** What is checked, and whether it is put right. */
export interface FsckOptions extends CallOptions {
  /** Reads every content, piece by piece, and everything in packs and journal; default looks at existence and size. */
  readonly readData?: boolean | undefined
  /** Makes the index again, brings contents back from wherever else they are, and lists what cannot be saved. */
  readonly repair?: boolean | undefined
  readonly onProgress?: ((progress: { readonly commits: number; readonly contents: number; readonly bytes: number }) => void) | undefined
}

/** What a check found; the same as JSON. */
export interface FsckReport {
  /** Nothing is wrong (any more). */
  readonly ok: boolean
  readonly commits: number
  readonly files: number
  readonly contents: number
  readonly bytes: number
  readonly problems: readonly RepositoryProblem[]
  /** What `repair` did, as sentences. */
  readonly repaired: readonly string[]
}

interface Findings {
  readonly journal: JournalCheck
  readonly contents: ContentCheck
  readonly files: number
  readonly problems: readonly RepositoryProblem[]
}

const indexRepaired = 'The index was made again from the journal.'
const nothing: FsckReport = { ok: true, commits: 0, files: 0, contents: 0, bytes: 0, problems: [], repaired: [] }

/** Checks an open repository: journal, index, contents, checkpoints, packs and snapshots; writers may go on meanwhile. */
export async function checkRepository(repository: Repository, options: FsckOptions = {}): Promise<FsckReport> {
  try {
    return await checkAndRepair(repository, options)
  } catch (error) {
    if (!isDamagedDatabase(error)) throw error
    if (options.repair !== true) return { ...nothing, ok: false, problems: [{ kind: 'index', message: 'SQLite finds the index damaged; nothing else could be checked. Repairing makes it again from the journal.' }] }
  }
  await repository.rebuildIndex()
  const report = await checkAndRepair(repository, options)
  return { ...report, repaired: [indexRepaired, ...report.repaired] }
}

async function checkAndRepair(repository: Repository, options: FsckOptions): Promise<FsckReport> {
  const found = await examine(repository, options)
  if (found === undefined) return nothing
  if (options.repair !== true || found.problems.length === 0) return toReport(found, [])
  const repaired = await repair(repository, found, options)
  return toReport(repaired.length === 0 ? found : ((await examine(repository, options)) ?? found), repaired)
}

function toReport({ journal, contents, files, problems }: Findings, repaired: readonly string[]): FsckReport {
  const isSound = problems.every(({ kind }) => kind === 'recovered')
  return { ok: isSound, commits: journal.commits, files, contents: contents.contents, bytes: contents.bytes, problems, repaired }
}

async function examine(repository: Repository, options: FsckOptions): Promise<Findings | undefined> {
  const { signal, readData = false } = options
  const seen = { commits: 0, contents: 0, bytes: 0 }
  const tell = (): void => options.onProgress?.({ ...seen })
  return withIndexSnapshot(repository, signal, async (snapshot) => {
    const journal = await checkJournal(repository, {
      readData,
      signal,
      onCommit: () => {
        seen.commits++
        tell()
      },
    })
    const contents = await checkContents(repository, snapshot.database, {
      readData,
      signal,
      onContent: ({ size }) => {
        seen.contents++
        seen.bytes += size
        tell()
      },
    })
    const index = journal.problems.length > 0 ? [] : await checkIndex(repository, snapshot, { isJournalComplete: journal.isComplete, signal })
    const files = await countFiles(snapshot.database, createPace(signal))
    return { journal, contents, files, problems: await collectProblems(repository, { snapshot, journal, contents, index, options }) }
  })
}

async function collectProblems(
  repository: Repository,
  { snapshot: { database }, journal, contents, index, options: { readData = false, signal } }: Pick<Findings, 'journal' | 'contents'> & { index: readonly RepositoryProblem[]; snapshot: IndexSnapshot; options: FsckOptions },
): Promise<RepositoryProblem[]> {
  return [
    ...journal.problems,
    ...index,
    ...(await toContentProblems(repository, { database, faults: contents.faults, pace: createPace(signal) })),
    ...(await checkObjects(repository, { readData, signal })),
    ...checkSnapshots(database),
    ...repository.recovered,
  ]
}

async function repair(repository: Repository, found: Findings, { signal }: FsckOptions): Promise<string[]> {
  const repaired: string[] = []
  if (found.problems.some(({ kind }) => kind === 'index')) {
    await repository.rebuildIndex()
    repaired.push(indexRepaired)
  }
  const checkpoints = found.problems.filter(({ kind }) => kind === 'checkpoint')
  if (checkpoints.length > 0) {
    const { key } = await writeCheckpoint(repository, { signal })
    // Where nothing was committed since, the new one stands in the place of a damaged one.
    await repository.contents.delete(checkpoints.flatMap((problem) => (problem.key === undefined || problem.key === key ? [] : [problem.key])), { signal })
    repaired.push(`The checkpoint ${key} was written, and damaged ones were deleted.`)
  }
  return [...repaired, ...(await repairContents(repository, found.contents.faults, signal))]
}
