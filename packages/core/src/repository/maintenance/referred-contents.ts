import type Database from 'better-sqlite3'
import type { CommitHeader } from '../commit.ts'
import type { Repository } from '../context.ts'
import { entriesInOrder, inRange, keyRanges, versionsInOrder } from './key-ranges.ts'
import type { Pace } from './pace.ts'
import { readList } from './read-list.ts'

/** Which contents something refers to: files, their versions, and contents that are made of others. */
export interface ReferredContents {
  /** Adds what commits refer to that came later; the repository's view must have come as far. */
  follow(headers: readonly CommitHeader[]): Promise<void>
  has(digest: string): boolean
  /** Lists of pieces that cannot be read: what they refer to is not known, so that no part may be let go. */
  readonly unreadable: readonly string[]
}

const rowsAtOnce = 4096

/** Looks through a state of the index. The set stands in a temporary table of its connection, so that memory stays flat. */
export async function findReferredContents(repository: Repository, database: Database.Database, pace: Pace): Promise<ReferredContents> {
  const contents = createReferred(repository, database)
  await copyDigests(database, pace)
  const lists = database.prepare<[string], { digest: string; pieces: string }>(
    `SELECT digest, pieces FROM contents c WHERE pieces IS NOT NULL AND digest > ? AND EXISTS (SELECT 1 FROM referred r WHERE r.digest = c.digest) ORDER BY digest LIMIT ${rowsAtOnce}`,
  )
  for (let rows = lists.all(''); rows.length > 0; rows = lists.all(rows.at(-1)?.digest ?? '')) {
    for (const { pieces } of rows) {
      await contents.addList(pieces)
      await pace()
    }
  }
  return contents
}

async function copyDigests(database: Database.Database, pace: Pace): Promise<void> {
  for (const ordered of [entriesInOrder, versionsInOrder]) {
    const copy = database.prepare(`INSERT OR IGNORE INTO referred SELECT digest FROM ${ordered.table} WHERE ${inRange(ordered)} AND digest IS NOT NULL`)
    for await (const range of keyRanges(database, ordered, pace)) copy.run(...range)
  }
}

function createReferred(repository: Repository, database: Database.Database): ReferredContents & { addList(pieces: string): Promise<void> } {
  database.exec('CREATE TEMP TABLE referred (digest TEXT PRIMARY KEY) WITHOUT ROWID')
  const add = database.prepare('INSERT OR IGNORE INTO referred VALUES (?)')
  const find = database.prepare('SELECT 1 FROM referred WHERE digest = ?')
  const unreadable: string[] = []

  const addList = async (pieces: string): Promise<void> => {
    add.run(pieces)
    const list = await readList(repository, pieces)
    if (list === undefined) unreadable.push(pieces)
    for (const part of list?.parts ?? []) add.run(part)
    // The list of a very large content is large enough to have a list itself.
    const own = repository.view.content(pieces)?.pieces
    if (own != null) await addList(own)
  }
  const addWhole = async (digest: string): Promise<void> => {
    add.run(digest)
    const pieces = repository.view.content(digest)?.pieces
    if (pieces != null) await addList(pieces)
  }
  return {
    unreadable,
    addList,
    has: (digest) => find.get(digest) !== undefined,
    async follow(headers) {
      for (const { contents = [], operations } of headers) {
        for (const operation of operations) if (operation.op === 'write') await addWhole(operation.digest)
        for (const { digest } of contents) await addWhole(digest)
      }
    },
  }
}
