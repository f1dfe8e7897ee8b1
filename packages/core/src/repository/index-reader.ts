import type Database from 'better-sqlite3'
import type { JournalPosition } from '../contract/store.ts'
import type { ContentRow, EntryRow } from './rows.ts'

/** How far the index has come. */
export interface IndexHead extends JournalPosition {
  readonly schema: number
  readonly repository: string
  /** Digest of the header of commit `sequence`. */
  readonly digest: string
  readonly nextNode: number
  /** The machine's boot in which contents that were not on disk were looked at last; empty for an index that was made again. */
  readonly epoch: string
}

/** Reads one state of the index: between `begin` and `end` every answer is of the same moment, whatever others write. */
export interface IndexReader {
  readonly head: IndexHead
  /** Takes the newest state; the head may have moved on. */
  begin(): IndexHead
  /** Lets go of the state, so that the write-ahead log can be shortened. */
  end(): void
  readonly isActive: boolean
  entry(directory: number, name: string): EntryRow | undefined
  children(directory: number, after: string, limit: number): EntryRow[]
  content(digest: string): ContentRow | undefined
  /** One page of the digests of all contents, in their order. */
  digests(after: string, limit: number): readonly string[]
  readonly nextNode: number
  readonly database: Database.Database
  close(): void
}

type RawEntry = [number, string, number, number, number, string | null, number, number, number, string | null, string | null]
type RawContent = [string, number, string | null, number | null, number, string | null, 0 | 1, 0 | 1]

const entryColumns = 'directory, key, node, born, version, digest, size, modified, created, type, metadata'

/** Prepares the statements of a connection. */
export function createIndexReader(database: Database.Database): IndexReader {
  const beginStatement = database.prepare('BEGIN')
  const endStatement = database.prepare('COMMIT')
  const headStatement = database.prepare<[], IndexHead>('SELECT schema, repository, sequence, segment, "offset", digest, nextNode, epoch FROM head')
  const entryStatement = database.prepare(`SELECT ${entryColumns} FROM entries WHERE directory = ? AND key IN (?, ?)`).raw()
  const childrenStatement = database.prepare(`SELECT ${entryColumns} FROM entries WHERE directory = ? AND key > ? ORDER BY key LIMIT ?`).raw()
  const contentStatement = database.prepare('SELECT digest, size, key, segment, "offset", pieces, part, durable FROM contents WHERE digest = ?').raw()
  const digestsStatement = database.prepare<[string, number], string>('SELECT digest FROM contents WHERE digest > ? ORDER BY digest LIMIT ?').pluck()
  let head = headStatement.get() as IndexHead
  let isActive = false

  return {
    database,
    get head() {
      return head
    },
    get nextNode() {
      return head.nextNode
    },
    get isActive() {
      return isActive
    },
    begin() {
      if (isActive) endStatement.run()
      beginStatement.run()
      isActive = true
      return (head = headStatement.get() as IndexHead)
    },
    end() {
      if (isActive) endStatement.run()
      isActive = false
    },
    entry(directory, name) {
      const raw = entryStatement.get(directory, name, `${name}/`) as RawEntry | undefined
      return raw === undefined ? undefined : toEntryRow(raw)
    },
    children: (directory, after, limit) => (childrenStatement.all(directory, after, limit) as RawEntry[]).map(toEntryRow),
    content(digest) {
      const raw = contentStatement.get(digest) as RawContent | undefined
      return raw === undefined ? undefined : toContentRow(raw)
    },
    digests: (after, limit) => digestsStatement.all(after, limit),
    close: () => void database.close(),
  }
}

function toEntryRow([directory, key, node, born, version, digest, size, modified, created, type, metadata]: RawEntry): EntryRow {
  return { directory, key, node, born, version, digest, size, modified, created, type, metadata }
}

function toContentRow([digest, size, key, segment, offset, pieces, part, durable]: RawContent): ContentRow {
  return { digest, size, key, segment, offset, pieces, part, durable }
}
