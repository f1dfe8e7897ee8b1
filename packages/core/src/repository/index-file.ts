import type Database from 'better-sqlite3'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type JournalEntry, type JournalPosition, type JournalStore, journalStart } from '../contract/store.ts'
import { abortableDelay } from './delay.ts'
import type { Hasher } from './digest.ts'
import { createIndexReader, type IndexHead, type IndexReader } from './index-reader.ts'
import { connectIndex, type IndexConnection, makeIndex } from './index-connection.ts'
import { isBusyDatabase, isDamagedDatabase, toIndexError } from './index-schema.ts'
import { inIndexTurn, whenFree } from './index-turn.ts'
import { loadCheckpoint } from './maintenance/load-checkpoint.ts'
import { createIndexWriter, type IndexWriter } from './index-writer.ts'
import type { ContentStore } from '../contract/store.ts'

/** The index of one repository on this machine: disposable, rebuilt from the journal whenever it is missing, damaged or not provably older. */
export interface IndexFile {
  /** Device and inode of the file. */
  readonly identity: string
  readonly reader: IndexReader
  /** Applies commits to it, in transactions of bounded size that leave the event loop free between them. */
  apply(entries: readonly JournalEntry[], signal?: AbortSignal): Promise<IndexHead>
  /** Applies everything that is published. */
  catchUp(signal?: AbortSignal): Promise<void>
  snapshots(node: number): readonly { readonly name: string; readonly sequence: number; readonly time: number }[]
  /** Whether an object of this key was let go once. */
  wasDropped(key: string): boolean
  /** Whether the contents that were not on disk when they were acknowledged have been looked at since the machine was started. */
  readonly isConfirmed: boolean
  confirm(): Promise<void>
  /** Shortens the write-ahead log and keeps the query planner's statistics, when nothing else is to be done. */
  tidy(): void
  close(): void
}

export interface IndexFileOptions {
  readonly path: string
  readonly journal: JournalStore
  readonly contents: ContentStore
  readonly hasher: Hasher
  readonly repositoryId: string
  readonly signal?: AbortSignal | undefined
  /** What stands there was seen to be damaged: it is made again unseen. */
  readonly isDistrusted?: boolean | undefined
}

const commitsPerTransaction = 512
const maxAttempts = 20

/** Opens the index and brings it to the end of the journal, rebuilding it where it cannot be trusted. */
export async function openIndexFile(options: IndexFileOptions): Promise<IndexFile> {
  const file = await openAny(options, options.isDistrusted === true)
  try {
    await file.catchUp(options.signal)
    return file
  } catch (error) {
    file.close()
    // Not found: the journal was compacted away from behind an index that was made without its checkpoint.
    if (!isDamagedDatabase(error) && !isUnreadableIndex(error) && !isNexusError(error, 'not_found')) throw toIndexError(error)
  }
  const again = await openAny(options, true)
  await again.catchUp(options.signal)
  return again
}

/** The index that stands there, or one made again; somebody may delete it in any moment, then it is made once more. */
async function openAny(options: IndexFileOptions, isDistrusted: boolean): Promise<IndexFile> {
  return inIndexTurn(options.path, options.signal, async () => {
    let file = isDistrusted ? undefined : await openTrusted(options)
    for (let attempt = 1; file === undefined; attempt++) {
      if (attempt > maxAttempts) throw new NexusError('busy', { reason: `${options.path} was deleted ${maxAttempts} times while it was made. End what deletes it.` })
      await makeAgain(options)
      file = await openExisting(options)
    }
    return file
  })
}

/** The index that stands there; `undefined` when there is none, or none to be trusted. */
async function openTrusted(options: IndexFileOptions): Promise<IndexFile | undefined> {
  let file: IndexFile | undefined
  try {
    file = await openExisting(options)
    if (file === undefined || (await isTrustworthy(file.reader.head, options))) return file
    file.close()
  } catch (error) {
    file?.close()
    if (!isDamagedDatabase(error) && !isUnreadableIndex(error)) throw toIndexError(error)
  }
  return undefined
}

/** An index that contradicts the journal is not repaired but made again; the journal itself is checked by the rebuild. */
function isUnreadableIndex(error: unknown): boolean {
  return error instanceof NexusError && error.code === 'corrupt'
}

/** Two connections to one file: one that reads a state, one that writes. */
async function openExisting(options: IndexFileOptions): Promise<IndexFile | undefined> {
  const reading = await connectIndex(options.path, { signal: options.signal })
  if (reading === undefined) return undefined
  try {
    const writing = await connectIndex(options.path, { signal: options.signal })
    if (writing?.identity === reading.identity) return assemble(reading, writing.database, options)
    writing?.database.close()
  } catch (error) {
    reading.database.close()
    throw error
  }
  reading.database.close()
  return undefined
}

/** The head must be a commit of this journal, with the same digest. */
async function isTrustworthy(head: IndexHead, { journal, hasher, repositoryId }: IndexFileOptions): Promise<boolean> {
  if (head.repository !== repositoryId) return false
  if (head.sequence === 0) return true
  const entry = await journal.entryAt(head)
  if (entry !== undefined) return entry.sequence === head.sequence && hasher.digest(entry.header) === head.digest
  // The part of the journal that held it was compacted away; the next commit, which names it, settles whether they belong together.
  if ((await journal.oldest()) === head.sequence + 1) return true
  if (head.epoch !== journal.epoch) return false
  const segments = await journal.segments()
  const last = segments.at(-1)?.last ?? 0
  if (last >= head.sequence) return false
  throw new NexusError('unavailable', {
    reason: `The journal of ${journal.name} ends at commit ${last}, but commit ${head.sequence} was acknowledged. Nothing was touched; restore the journal from a backup, or run fsck --repair to go on from what is left.`,
  })
}

async function makeAgain(options: IndexFileOptions): Promise<void> {
  try {
    await makeIndex(options.path, { repository: options.repositoryId, fill: (database) => loadCheckpoint(database, options) })
  } catch (error) {
    throw toIndexError(error)
  }
}

function assemble({ database, identity }: IndexConnection, writerDatabase: Database.Database, options: IndexFileOptions): IndexFile {
  const writer = createIndexWriter(writerDatabase, options.hasher)
  const reader = createIndexReader(database)
  const dropped = writerDatabase.prepare('SELECT 1 FROM dropped WHERE key = ?')
  const snapshots = database.prepare<[number], { name: string; sequence: number; time: number }>('SELECT name, sequence, time FROM snapshots WHERE node = ? ORDER BY sequence')
  const apply = (entries: readonly JournalEntry[], signal?: AbortSignal): Promise<IndexHead> =>
    applyInSteps(writerDatabase, writer, { entries, signal })
  return {
    identity,
    reader,
    apply,
    async catchUp(signal) {
      const head = writerDatabase.prepare<[], JournalPosition>('SELECT sequence, segment, "offset" FROM head').get() ?? journalStart
      await catchUpFrom(head, { journal: options.journal, apply, signal })
    },
    snapshots: (node) => snapshots.all(node),
    wasDropped: (key) => dropped.get(key) !== undefined,
    isConfirmed: reader.head.epoch === options.journal.epoch,
    async confirm() {
      await applyStep(() => writerDatabase.prepare('UPDATE head SET epoch = ?').run(options.journal.epoch), undefined)
    },
    tidy() {
      reader.end()
      try {
        writerDatabase.pragma('wal_checkpoint(PASSIVE)')
        writerDatabase.pragma('optimize')
      } catch (error) {
        // Another process has it just now, or it is damaged and whoever opens it next makes it again: either way nothing is lost.
        if (!isBusyDatabase(error) && !isDamagedDatabase(error)) throw error
      }
    },
    close() {
      reader.close()
      writerDatabase.close()
    },
  }
}

async function catchUpFrom(
  start: JournalPosition,
  { journal, apply, signal }: { journal: JournalStore; apply: IndexFile['apply']; signal: AbortSignal | undefined },
): Promise<void> {
  let position = start
  for (;;) {
    const entries = await journal.newer(position, { signal })
    if (entries.length === 0) return
    const head = await apply(entries, signal)
    position = head.sequence >= (entries.at(-1)?.sequence ?? 0) ? head : (entries.at(-1)?.end ?? head)
  }
}

async function applyInSteps(
  database: Database.Database,
  writer: IndexWriter,
  { entries, signal }: { entries: readonly JournalEntry[]; signal: AbortSignal | undefined },
): Promise<IndexHead> {
  let head: IndexHead | undefined
  for (let start = 0; start < entries.length; start += commitsPerTransaction) {
    if (start > 0) await abortableDelay(0, signal)
    const step = entries.slice(start, start + commitsPerTransaction)
    head = await applyStep(() => database.transaction(() => writer.apply(step)).immediate(), signal)
  }
  if (head === undefined) throw new NexusError('unexpected', { reason: 'No commit to apply.' })
  return head
}

/** Another process may be applying the same commits; then it is only a matter of waiting. */
async function applyStep<T>(work: () => T, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await whenFree(work, signal)
  } catch (error) {
    throw toIndexError(error)
  }
}
