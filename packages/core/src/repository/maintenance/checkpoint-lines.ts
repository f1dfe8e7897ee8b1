import type Database from 'better-sqlite3'
import type { Descriptor } from '../context.ts'
import type { ContentRow } from '../rows.ts'

/** One line of a checkpoint: a row of the folded state under its kind (docs/repository-format.md, "Checkpoints"). */
export type CheckpointLine = { readonly kind: string } & Readonly<Record<string, string | number | null>>

/** The kinds of lines behind the first, in their order, with the table that holds them and the order of its rows. */
export const checkpointKinds = [
  { kind: 'entry', table: 'entries', order: 'directory, key', columns: ['directory', 'key', 'node', 'born', 'version', 'digest', 'size', 'modified', 'created', 'type', 'metadata'] },
  { kind: 'past', table: 'past', order: 'directory, key, born', columns: ['directory', 'key', 'born', 'died', 'node', 'created', 'moved', 'ended'] },
  { kind: 'version', table: 'versions', order: 'node, version', columns: ['node', 'version', 'digest', 'size', 'modified', 'created', 'type', 'metadata'] },
  { kind: 'content', table: 'contents', order: 'digest', columns: ['digest', 'size', 'key', 'segment', 'offset', 'pieces', 'part', 'durable'] },
  { kind: 'dropped', table: 'dropped', order: 'key', columns: ['key', 'sequence'] },
  { kind: 'snapshot', table: 'snapshots', order: 'node, name', columns: ['node', 'name', 'sequence', 'time'] },
] as const

/** The columns of the first line, of kind `head`: how far the state goes. */
export const headColumns = ['repository', 'sequence', 'segment', 'offset', 'digest', 'nextNode'] as const

/** A content's row as a checkpoint tells it; `undefined` leaves it out, so that it is not known. */
export type PlaceContent = (row: ContentRow) => ContentRow | undefined

interface StateOptions {
  readonly descriptor: Descriptor | undefined
  readonly place?: PlaceContent | undefined
}

/** The whole state that a connection sees, as lines without their line ends; the trailer is not among them. */
export function* stateLines(database: Database.Database, { descriptor, place = (row) => row }: StateOptions): Generator<string> {
  const head = database.prepare<[], Record<string, unknown>>(`SELECT ${quoted(headColumns)} FROM head`).get()
  yield JSON.stringify({ kind: 'head', format: 1, ...head, algorithm: descriptor?.digest, inlineLimitBytes: descriptor?.inlineLimitBytes, created: descriptor?.created })
  for (const { kind, table, order, columns } of checkpointKinds) {
    for (const row of database.prepare<[], Record<string, unknown>>(`SELECT ${quoted(columns)} FROM ${table} ORDER BY ${order}`).iterate()) {
      const told = kind === 'content' ? place(row as unknown as ContentRow) : row
      if (told !== undefined) yield JSON.stringify({ kind, ...told })
    }
  }
}

/** Column names for SQL: `offset` is a word of it. */
export function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ')
}
