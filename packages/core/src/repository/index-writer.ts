import type Database from 'better-sqlite3'
import type { JournalEntry } from '../contract/store.ts'
import { type CommitHeader, type Operation, parseHeader } from './commit.ts'
import { foldContents, foldSimple, isStructural, type StructuralOperation } from './fold.ts'
import type { Hasher } from './digest.ts'
import { createIndexReader, type IndexHead } from './index-reader.ts'
import type { ContentRow, EntryRow, State } from './rows.ts'
import { assertNever, NexusError } from '../contract/errors.ts'

/** Applies commits to the index. */
export interface IndexWriter {
  /**
   * Applies those of the entries that follow the index's head, in one transaction of the caller.
   * @returns The head afterwards.
   * @throws NexusError `corrupt` when a commit does not follow its predecessor.
   */
  apply(entries: readonly JournalEntry[]): IndexHead
}

/** Prepares the statements of a connection. */
export function createIndexWriter(database: Database.Database, hasher: Hasher): IndexWriter {
  const reader = createIndexReader(database)
  const setHead = database.prepare('UPDATE head SET sequence = ?, segment = ?, "offset" = ?, digest = ?, nextNode = ?')
  const state = createSqlState(database, reader)
  const readHead = database.prepare<[], IndexHead>('SELECT schema, repository, sequence, segment, "offset", digest, nextNode, epoch FROM head')

  return {
    apply(entries) {
      const before = readHead.get() as IndexHead
      let head = before
      state.nextNode = before.nextNode
      for (const entry of entries) {
        if (entry.sequence <= head.sequence) continue
        const header = parseHeader(entry.header)
        if (header.sequence !== head.sequence + 1 || header.previous !== head.digest) {
          throw new NexusError('corrupt', { reason: `Commit ${header.sequence} does not follow commit ${head.sequence}; the journal was changed by something else. Run fsck.` })
        }
        state.time = header.time
        state.sequence = header.sequence
        foldContents(header, entry, state)
        for (const operation of header.operations) foldInto(state, operation, header)
        head = { ...head, ...entry.end, digest: hasher.digest(entry.header) }
      }
      if (head !== before) setHead.run(head.sequence, head.segment, head.offset, head.digest, state.nextNode)
      return { ...head, nextNode: state.nextNode }
    },
  }
}

/** `sequence` and `time` are those of the commit being folded: what it ends, ended then. */
type SqlState = State & { sequence: number; time: number; structural(operation: StructuralOperation, header: CommitHeader): void }

function foldInto(state: SqlState, operation: Operation, header: CommitHeader): void {
  if (isStructural(operation)) state.structural(operation, header)
  else foldSimple(operation, header, state)
}

function createSqlState(database: Database.Database, reader: { entry: State['entry']; content: State['content'] }): SqlState {
  const putEntry = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const removeEntry = database.prepare('DELETE FROM entries WHERE directory = ? AND key = ?')
  const addPast = database.prepare('INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const addVersion = database.prepare('INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const putContent = database.prepare('INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const put = (row: EntryRow): void =>
    void putEntry.run(row.directory, row.key, row.node, row.born, row.version, row.digest, row.size, row.modified, row.created, row.type, row.metadata)

  const state: SqlState = {
    nextNode: 0,
    sequence: 0,
    time: 0,
    entry: (directory, name) => reader.entry(directory, name),
    content: (digest) => reader.content(digest),
    put,
    remove(row, died, moves = false) {
      removeEntry.run(row.directory, row.key)
      // Made and gone within one commit: nobody ever saw it there.
      if (row.born < died) addPast.run(row.directory, row.key, row.born, died, row.node, row.created, moves ? 1 : 0, state.time)
      // Also when it only moves on: snapshots find a file's versions by node, and its live row only by place.
      state.supersede(row)
    },
    supersede(row) {
      // What a commit itself wrote and replaced was never a version.
      if (row.digest !== null && row.version < state.sequence) addVersion.run(row.node, row.version, row.digest, row.size, row.modified, row.created, row.type, row.metadata)
    },
    putContent: (row: ContentRow) =>
      void putContent.run(row.digest, row.size, row.key, row.segment, row.offset, row.pieces, row.part, row.durable),
    structural: createStructural(database, put, () => state),
  }
  return state
}

interface PastPlace {
  readonly directory: number
  readonly key: string
  readonly born: number
  readonly node: number
  readonly moved: 0 | 1
}

function createStructural(database: Database.Database, put: (row: EntryRow) => void, state: () => State): SqlState['structural'] {
  const statements = {
    children: database.prepare<[number], EntryRow>('SELECT * FROM entries WHERE directory = ? ORDER BY key'),
    forgetVersion: database.prepare('DELETE FROM versions WHERE node = ? AND version = ?'),
    forgetPast: database.prepare('DELETE FROM past WHERE directory = ? AND key = ? AND born = ?'),
    forgetVersions: database.prepare('DELETE FROM versions WHERE node = ?'),
    past: database.prepare<[number, string, number], PastPlace>('SELECT directory, key, born, node, moved FROM past WHERE directory = ? AND key = ? AND born = ?'),
    pastChildren: database.prepare<[number], PastPlace>('SELECT directory, key, born, node, moved FROM past WHERE directory = ?'),
    removeEntry: database.prepare('DELETE FROM entries WHERE directory = ? AND key = ?'),
    dropContent: database.prepare('DELETE FROM contents WHERE digest = ?'),
    dropKey: database.prepare('INSERT OR REPLACE INTO dropped VALUES (?, ?)'),
    relocate: database.prepare('UPDATE contents SET key = ?, segment = NULL, "offset" = ?, durable = 1 WHERE digest = ?'),
    durable: database.prepare('UPDATE contents SET durable = 1 WHERE digest = ?'),
    snapshot: database.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)'),
    unsnapshot: database.prepare('DELETE FROM snapshots WHERE node = ? AND name = ?'),
  }

  /** Gives each file and directory below `source` the next node, in the order of a recursive listing. */
  const copyChildren = (source: number, target: number, { node, header }: { node: number; header: CommitHeader }): number => {
    let next = node
    for (const row of statements.children.all(source)) {
      const copied = next++
      put({ ...row, directory: target, node: copied, born: header.sequence, version: header.sequence, modified: row.digest === null ? header.time : row.modified, created: header.time })
      if (row.digest === null) next = copyChildren(row.node, copied, { node: next, header })
    }
    return next
  }

  /** Removes what only a dead directory still led to. */
  const forgetBelow = (directory: number): void => {
    for (const row of statements.children.all(directory)) {
      if (row.digest === null) forgetBelow(row.node)
      statements.removeEntry.run(directory, row.key)
      statements.forgetVersions.run(row.node)
    }
    for (const row of statements.pastChildren.all(directory)) forgetPlace(row)
  }

  /** What died at its last place takes its history with it; what only moved on keeps it. */
  const forgetPlace = ({ directory, key, born, node, moved }: PastPlace): void => {
    statements.forgetPast.run(directory, key, born)
    if (moved === 1) return
    if (key.endsWith('/')) forgetBelow(node)
    else statements.forgetVersions.run(node)
  }

  return (operation, header) => {
    switch (operation.op) {
      case 'copy': {
        put({ directory: operation.directory, key: `${operation.name}/`, node: operation.node, born: header.sequence, version: header.sequence, digest: null, size: 0, modified: header.time, created: header.time, type: null, metadata: null })
        const next = copyChildren(operation.source, operation.node, { node: operation.node + 1, header })
        state().nextNode = Math.max(state().nextNode, next)
        break
      }
      case 'forget':
        for (const version of operation.versions) statements.forgetVersion.run(operation.node, version)
        break
      case 'forget-entry': {
        const key = operation.kind === 'directory' ? `${operation.name}/` : operation.name
        const place = statements.past.get(operation.directory, key, operation.born)
        if (place !== undefined) forgetPlace(place)
        break
      }
      case 'drop':
        statements.dropContent.run(operation.digest)
        if (operation.key !== undefined) statements.dropKey.run(operation.key, header.sequence)
        break
      case 'quarantine':
        statements.dropContent.run(operation.digest)
        break
      case 'relocate':
        statements.relocate.run(operation.key, operation.offset, operation.digest)
        break
      case 'durable':
        for (const digest of operation.digests) statements.durable.run(digest)
        break
      case 'snapshot':
        statements.snapshot.run(operation.node, operation.name, header.sequence, header.time)
        break
      case 'unsnapshot':
        statements.unsnapshot.run(operation.node, operation.name)
        break
      default:
        assertNever(operation)
    }
  }
}

