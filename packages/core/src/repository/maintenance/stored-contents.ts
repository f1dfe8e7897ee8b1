import type Database from 'better-sqlite3'
import type { ContentRow } from '../rows.ts'

const rowsAtOnce = 512

/** The contents that a connection sees, ordered by digest, page by page; `condition` is over the table's columns. */
export function* contentRows(database: Database.Database, condition: string): Generator<ContentRow> {
  const page = database.prepare<[string], ContentRow>(
    `SELECT digest, size, key, segment, "offset", pieces, part, durable FROM contents c WHERE digest > ? AND ${condition} ORDER BY digest LIMIT ${rowsAtOnce}`,
  )
  for (let rows = page.all(''); rows.length > 0; rows = page.all(rows.at(-1)?.digest ?? '')) yield* rows
}

/** Contents that have bytes of their own. */
export const hasBytes = '(key IS NOT NULL OR segment IS NOT NULL)'
/** Contents that are a list of pieces. */
export const hasPieces = 'pieces IS NOT NULL'
