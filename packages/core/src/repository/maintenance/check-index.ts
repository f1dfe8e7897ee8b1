import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import type { CallOptions } from '../../contract/backend.ts'
import { isNexusError } from '../../contract/errors.ts'
import { type JournalPosition, journalStart } from '../../contract/store.ts'
import type { Repository } from '../context.ts'
import { createSchema, openDatabase } from '../index-schema.ts'
import { createIndexWriter } from '../index-writer.ts'
import { checkpointKinds, quoted } from './checkpoint-lines.ts'
import type { IndexSnapshot } from './index-snapshot.ts'
import { loadCheckpoint } from './load-checkpoint.ts'
import { createPace, type Pace } from './pace.ts'
import type { RepositoryProblem } from './problem.ts'

interface IndexCheckOptions extends CallOptions {
  /** Whether the journal still begins with the first commit; otherwise the comparison starts from a checkpoint. */
  readonly isJournalComplete: boolean
}

/** Makes the index again in a temporary place and compares it, row by row. Where it cannot be made again, the problem is the checkpoints'. */
export async function checkIndex(repository: Repository, snapshot: IndexSnapshot, options: IndexCheckOptions): Promise<RepositoryProblem[]> {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-fsck-'))
  const fresh = openDatabase(join(directory, 'index.db'))
  try {
    await makeFresh(repository, { fresh, snapshot }, options)
    return await compareTables(snapshot.database, fresh, createPace(options.signal))
  } catch (error) {
    if (!isNexusError(error, 'corrupt')) throw error
    return [{ kind: 'checkpoint', message: 'The index could not be made again: the journal was shortened, and no whole checkpoint covers what came before. The index is the only copy of it.' }]
  } finally {
    fresh.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function makeFresh(repository: Repository, { fresh, snapshot }: { fresh: Database.Database; snapshot: IndexSnapshot }, { isJournalComplete, signal }: IndexCheckOptions): Promise<void> {
  const { journal, contents, hasher } = repository
  const { repository: repositoryId, sequence } = snapshot.head
  createSchema(fresh, repositoryId)
  if (!isJournalComplete) await loadCheckpoint(fresh, { journal, contents, hasher, repositoryId, signal })
  const writer = createIndexWriter(fresh, hasher)
  const pace = createPace(signal)
  let at: JournalPosition = fresh.prepare<[], JournalPosition>('SELECT sequence, segment, "offset" FROM head').get() ?? journalStart
  while (at.sequence < sequence) {
    const entries = (await journal.newer(at, { signal })).filter((entry) => entry.sequence <= sequence)
    for (let start = 0; start < entries.length; start += 256) {
      const some = entries.slice(start, start + 256)
      at = fresh.transaction(() => writer.apply(some)).immediate()
      await pace()
    }
    if (entries.length === 0) return
  }
}

async function compareTables(actual: Database.Database, expected: Database.Database, pace: Pace): Promise<RepositoryProblem[]> {
  const problems: RepositoryProblem[] = []
  for (const { table, order, columns } of checkpointKinds) {
    const query = `SELECT ${quoted(columns)} FROM ${table} ORDER BY ${order}`
    const difference = await firstDifference(actual.prepare(query).raw().iterate(), expected.prepare(query).raw().iterate(), pace)
    if (difference !== undefined) problems.push({ kind: 'index', message: `The table "${table}" of the index is not what the journal says: ${difference}.` })
  }
  return problems
}

async function firstDifference(actual: Iterable<unknown>, expected: IterableIterator<unknown>, pace: Pace): Promise<string | undefined> {
  try {
    for (const row of actual) {
      const next = expected.next()
      const wanted = next.done === true ? undefined : JSON.stringify(next.value)
      if (wanted !== JSON.stringify(row)) return `it has ${JSON.stringify(row)} where the journal gives ${wanted ?? 'nothing'}`
      await pace()
    }
    const left = expected.next()
    return left.done === true ? undefined : `it lacks ${JSON.stringify(left.value)}`
  } finally {
    expected.return?.()
  }
}
