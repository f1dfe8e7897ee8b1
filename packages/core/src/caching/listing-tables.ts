import type { Database } from 'better-sqlite3'
import type { Entry } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import type { Question, StatTables } from './stat-tables.ts'
import { encodePage } from './stat-record.ts'

/** What is kept of a listing. */
export interface KeptListing {
  readonly id: number
  readonly path: Path
  readonly seenAt: number
  /** Whether its entries stand in the order of their names, so that one can be found, and a rest of it told. */
  readonly isOrdered: boolean
}

/** Listings of one scope. */
export interface ListingTables {
  /** The newest complete listing of a directory. */
  find(path: Path, recursive: boolean): KeptListing | undefined
  /** Text of one page, counted from 0; `undefined` behind the last, and when the listing was forgotten meanwhile. */
  page(id: number, page: number): string | undefined
  isKept(id: number): boolean
  /** Text of the page in which an entry of this key would stand, of an ordered listing. */
  pageWith(id: number, key: string): string | undefined
  /** Begins a listing that nobody sees until it is completed. @returns Its number */
  begin(question: Question, recursive: boolean): number
  append(id: number, page: { readonly index: number; readonly first: string; readonly entries: readonly Entry[] }): void
  /** Shows the listing, unless something changed since it was asked for; then it is dropped. */
  complete(id: number, listing: { readonly question: Question; readonly recursive: boolean; readonly entries: number; readonly isOrdered: boolean }): void
  drop(id: number): void
}

/** Statements over listings, prepared once. */
export function createListingTables(database: Database, scope: number, stats: Pick<StatTables, 'ask'>): ListingTables {
  const find = database.prepare<[number, string, number], { id: number; path: Path; seenAt: number; ordered: number }>(
    'SELECT id, path, seenAt, ordered FROM listings WHERE scope = ? AND path = ? AND recursive = ? AND complete = 1 ORDER BY seenAt DESC LIMIT 1',
  )
  const page = database.prepare<[number, number], { entries: string }>('SELECT entries FROM pages WHERE listing = ? AND page = ?')
  const pageWith = database.prepare<[number, string], { entries: string }>('SELECT entries FROM pages WHERE listing = ? AND first <= ? ORDER BY page DESC LIMIT 1')
  const isKept = database.prepare('SELECT 1 FROM listings WHERE id = ?')
  const begin = database.prepare('INSERT INTO listings (scope, path, recursive, seenAt, entries, ordered, complete) VALUES (?, ?, ?, ?, 0, 0, 0)')
  const append = database.prepare('INSERT INTO pages VALUES (?, ?, ?, ?)')
  const outdate = database.prepare('DELETE FROM stats WHERE scope = ? AND path = ? AND etag IS NOT ? AND seenAt <= (SELECT seenAt FROM listings WHERE id = ?)')
  const replace = database.prepare('DELETE FROM listings WHERE scope = ? AND path = ? AND recursive = ? AND id <> ? AND complete = 1')
  const complete = database.prepare('UPDATE listings SET complete = 1, entries = ?, ordered = ? WHERE id = ?')
  const drop = database.prepare('DELETE FROM listings WHERE id = ?')
  return {
    find: (path, recursive) => {
      const found = find.get(scope, path, Number(recursive))
      return found && { id: found.id, path: found.path, seenAt: found.seenAt, isOrdered: found.ordered === 1 }
    },
    page: (id, index) => page.get(id, index)?.entries,
    isKept: (id) => isKept.get(id) !== undefined,
    pageWith: (id, key) => pageWith.get(id, key)?.entries,
    begin: ({ path, askedAt }, recursive) => Number(begin.run(scope, path, Number(recursive), askedAt).lastInsertRowid),
    append: (id, { index, first, entries }) => {
      // Its pages went with it when a change forgot it meanwhile.
      if (isKept.get(id) === undefined) return
      append.run(id, index, first, encodePage(entries))
      for (const { path, etag } of entries) if (etag !== undefined) outdate.run(scope, path, etag, id)
    },
    complete: (id, { question, recursive, entries, isOrdered }) => {
      if (stats.ask(question.path, question.askedAt).generation !== question.generation) return void drop.run(id)
      replace.run(scope, question.path, Number(recursive), id)
      complete.run(entries, Number(isOrdered), id)
    },
    drop: (id) => void drop.run(id),
  }
}
