import type Database from 'better-sqlite3'
import type { Pace } from './pace.ts'

/** A table, and the two columns that its rows are ordered by. */
export interface OrderedTable {
  readonly table: 'entries' | 'versions'
  readonly columns: readonly [string, string]
}

/** Four bounds for {@link inRange}: after the first two, up to the last two. */
export type KeyRange = readonly [unknown, unknown, unknown, unknown]

const rowsAtOnce = 4096

/** Live entries by directory and key. */
export const entriesInOrder: OrderedTable = { table: 'entries', columns: ['directory', 'key'] }
/** Kept versions by file and version. */
export const versionsInOrder: OrderedTable = { table: 'versions', columns: ['node', 'version'] }

/** The condition that a row lies in a range; takes four parameters. */
export function inRange({ columns: [first, second] }: OrderedTable): string {
  return `(${first}, ${second}) > (?, ?) AND (${first}, ${second}) <= (?, ?)`
}

/** Cuts a table into ranges of a few thousand rows, so that a statement over one of them is short; the event loop has its turn in between. */
export async function* keyRanges(database: Database.Database, ordered: OrderedTable, pace: Pace): AsyncGenerator<KeyRange> {
  const [first, second] = ordered.columns
  const last = database
    .prepare<[unknown, unknown], [unknown, unknown]>(`SELECT ${first}, ${second} FROM ${ordered.table} WHERE (${first}, ${second}) > (?, ?) ORDER BY ${first}, ${second} LIMIT 1 OFFSET ${rowsAtOnce - 1}`)
    .raw()
  let from: [unknown, unknown] = [-1, '']
  for (let to = last.get(...from); to !== undefined; to = last.get(...from)) {
    yield [...from, ...to]
    from = to
    await pace()
  }
  yield [...from, Number.MAX_SAFE_INTEGER, '']
  await pace()
}
