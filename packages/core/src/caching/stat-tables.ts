import type { Database } from 'better-sqlite3'
import type { FileStat } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { createContradiction } from './contradiction.ts'
import { ancestorsOf, slotsToMove, slotsToWatch, type Touched } from './change-slots.ts'
import { decodeStat, encodeRecord } from './stat-record.ts'

/** When an answer was asked for, and how the counters of its path stood then. */
export interface Question {
  readonly path: Path
  /** Milliseconds since the epoch. */
  readonly askedAt: number
  readonly generation: string
}

/** What is kept of a stat. */
export interface KeptStat {
  readonly seenAt: number
  /** `undefined`: the answer was `not_found`. */
  readonly stat: FileStat | undefined
}

/** Stats and changes of one scope. What changes them runs in a transaction of the caller. */
export interface StatTables {
  ask(path: Path, now: number): Question
  find(path: Path): KeptStat | undefined
  /** Keeps an answer, unless something changed since it was asked for. Another etag than the one kept forgets the listings that would show the old one. */
  keep(question: Question, stat: FileStat | undefined): void
  /** Forgets what a change may touch, and every answer that is still under way. */
  forget(touched: readonly Touched[]): void
  /** Forgets, and then keeps what the change itself answered, unless another change came in between. */
  settle(touched: readonly Touched[], answer: { readonly question: Question; readonly stat: FileStat } | undefined): void
  /** Nothing seen later than `now` can be true: the clock went back. */
  forgetFuture(now: number): void
  count(hits: number, misses: number): void
}

/** Statements over stats, prepared once. */
export function createStatTables(database: Database, scope: number): StatTables {
  const generationOf = database.prepare<[number, number], { value: number }>('SELECT value FROM generations WHERE scope = ? AND slot = ?')
  const move = database.prepare('INSERT INTO generations VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET value = value + 1')
  const find = database.prepare<[number, string], { seenAt: number; etag: string | null; stat: string | null }>('SELECT seenAt, etag, stat FROM stats WHERE scope = ? AND path = ?')
  const put = database.prepare('INSERT OR REPLACE INTO stats VALUES (?, ?, ?, ?, ?)')
  const future = [database.prepare('DELETE FROM stats WHERE seenAt > ?'), database.prepare('DELETE FROM listings WHERE seenAt > ?')]
  const count = database.prepare('UPDATE scopes SET hits = hits + ?, misses = misses + ? WHERE id = ?')
  const remove = createForgetting(database, scope)
  const isContradicted = createContradiction(database, scope)
  const generation = (path: Path): string => slotsToWatch(path).map((slot) => generationOf.get(scope, slot)?.value ?? 0).join(' ')
  const store = ({ path, askedAt }: Question, stat: FileStat | undefined): void => void put.run(scope, path, askedAt, stat?.etag ?? null, stat === undefined ? null : encodeRecord(stat))
  const keep = (question: Question, stat: FileStat | undefined): void => {
    const { path, askedAt } = question
    const kept = find.get(scope, path)
    if (kept !== undefined && kept.seenAt > askedAt) return
    const isOther = kept === undefined ? isContradicted(path, stat) : kept.etag !== (stat?.etag ?? null) || (kept.stat === null) !== (stat === undefined)
    if (isOther) remove.listingsOf([path, ...ancestorsOf(path)], askedAt)
    store(question, stat)
  }
  const forget = (touched: readonly Touched[]): void => {
    for (const slot of slotsToMove(touched)) move.run(scope, slot)
    for (const one of touched) remove.touched(one)
  }
  return {
    ask: (path, askedAt) => ({ path, askedAt, generation: generation(path) }),
    find: (path) => {
      const kept = find.get(scope, path)
      return kept && { seenAt: kept.seenAt, stat: kept.stat === null ? undefined : decodeStat(kept.stat) }
    },
    keep: (question, stat) => {
      if (generation(question.path) === question.generation) keep(question, stat)
    },
    forget,
    settle: (touched, answer) => {
      const isAlone = answer !== undefined && generation(answer.question.path) === answer.question.generation
      forget(touched)
      // Nothing is left that it could contradict.
      if (isAlone) store(answer.question, answer.stat)
    },
    forgetFuture: (now) => {
      for (const statement of future) statement.run(now)
    },
    count: (hits, misses) => void count.run(hits, misses, scope),
  }
}

interface Forgetting {
  touched(touched: Touched): void
  /** Listings of these directories that were asked for at `before` or earlier. */
  listingsOf(paths: readonly Path[], before: number): void
}

function createForgetting(database: Database, scope: number): Forgetting {
  const stat = database.prepare('DELETE FROM stats WHERE scope = ? AND path = ?')
  const listing = database.prepare('DELETE FROM listings WHERE scope = ? AND path = ?')
  const older = database.prepare('DELETE FROM listings WHERE scope = ? AND path = ? AND seenAt <= ?')
  // "0" is the character behind "/": everything between them is below the path.
  const below = (['stats', 'listings'] as const).map((table) => database.prepare(`DELETE FROM ${table} WHERE scope = ? AND path > ? AND path < ?`))
  return {
    touched: ({ path, isTree }) => {
      for (const at of [path, ...ancestorsOf(path)]) {
        stat.run(scope, at)
        listing.run(scope, at)
      }
      const [from, to] = path === '/' ? ['/', '0'] : [`${path}/`, `${path}0`]
      if (isTree) for (const statement of below) statement.run(scope, from, to)
    },
    listingsOf: (paths, before) => {
      for (const path of paths) older.run(scope, path, before)
    },
  }
}

