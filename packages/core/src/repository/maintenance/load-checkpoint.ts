import type Database from 'better-sqlite3'
import { isNexusError, NexusError } from '../../contract/errors.ts'
import type { JournalStore } from '../../contract/store.ts'
import { abortableDelay } from '../delay.ts'
import { type CheckpointSource, checkpointLines, isGone, listCheckpoints, openCheckpoint } from './checkpoint-file.ts'
import { checkpointKinds, type CheckpointLine, headColumns, quoted } from './checkpoint-lines.ts'

/** What making an index from a checkpoint needs. */
export interface LoadCheckpointOptions extends CheckpointSource {
  readonly journal: JournalStore
  readonly repositoryId: string
  readonly signal?: AbortSignal | undefined
}

const linesPerTransaction = 2048

/**
 * Fills an empty index from the newest checkpoint that is whole and that the journal goes on from; a damaged one gives way to the older. Without any,
 * the journal must still begin with its first commit.
 * @returns Whether there was one.
 * @throws NexusError `corrupt` when neither checkpoint nor the beginning of the journal is left
 */
export async function loadCheckpoint(database: Database.Database, options: LoadCheckpointOptions): Promise<boolean> {
  for (;;) {
    const outcome = await tryCheckpoints(database, options)
    if (outcome !== 'vanished') return outcome === 'loaded'
  }
}

/** `vanished`: newer ones were written meanwhile, and an older one let go. */
async function tryCheckpoints(database: Database.Database, options: LoadCheckpointOptions): Promise<'loaded' | 'none' | 'vanished'> {
  const { journal, contents, signal } = options
  const oldest = (await journal.oldest({ signal })) ?? 1
  for (const { key, sequence } of await listCheckpoints(contents, signal)) {
    if (sequence + 1 < oldest) continue
    try {
      if ((await openCheckpoint(options, key, signal)) !== undefined && (await isOfThisJournal(options, key))) {
        await fill(database, options, key)
        return 'loaded'
      }
    } catch (error) {
      if (!isNexusError(error, 'not_found')) throw error
    }
    if (await isGone(contents, key, signal)) return 'vanished'
  }
  if (oldest === 1) return 'none'
  throw new NexusError('corrupt', {
    path: journal.name,
    reason: `The journal begins with commit ${oldest}, and no whole checkpoint covers what came before. Restore the repository from a backup; fsck says what is left.`,
  })
}

/** A checkpoint that was copied here from elsewhere, or that knows more than the journal, says nothing about it. */
async function isOfThisJournal(options: LoadCheckpointOptions, key: string): Promise<boolean> {
  for await (const line of checkpointLines(options, key, options.signal)) {
    const head = line as CheckpointLine & { repository: string; sequence: number; segment: number; offset: number; digest: string }
    if (head.repository !== options.repositoryId) return false
    const entry = await options.journal.entryAt(head, { signal: options.signal })
    if (entry !== undefined) return options.hasher.digest(entry.header) === head.digest
    // Its last commit was compacted away: then the next one, which names it, settles whether they belong together.
    return (await options.journal.oldest({ signal: options.signal })) === head.sequence + 1
  }
  return false
}

async function fill(database: Database.Database, options: LoadCheckpointOptions, key: string): Promise<void> {
  const insert = prepareInserts(database)
  const setHead = database.prepare(`UPDATE head SET ${headColumns.map((column) => `"${column}" = @${column}`).join(', ')}`)
  // Another checkpoint may have been read in part before it was deleted.
  for (const { table } of checkpointKinds) database.exec(`DELETE FROM ${table}`)
  let head: CheckpointLine | undefined
  let waiting: CheckpointLine[] = []
  const flush = database.transaction(() => {
    for (const line of waiting) insert(line)
    waiting = []
  })
  for await (const line of checkpointLines(options, key, options.signal)) {
    if (line.kind === 'head') head = line
    else waiting.push(line)
    if (waiting.length < linesPerTransaction) continue
    flush.immediate()
    await abortableDelay(0, options.signal)
  }
  flush.immediate()
  setHead.run(head)
}

function prepareInserts(database: Database.Database): (line: CheckpointLine) => void {
  const statements = new Map<string, Database.Statement>(
    checkpointKinds.map(({ kind, table, columns }) => [kind, database.prepare(`INSERT INTO ${table} (${quoted(columns)}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`)]),
  )
  return (line) => {
    const statement = statements.get(line.kind)
    if (statement === undefined) throw new NexusError('corrupt', { reason: `A checkpoint holds lines of the kind "${line.kind}"; was it written by a newer version? Update Nexus.` })
    statement.run(line)
  }
}
