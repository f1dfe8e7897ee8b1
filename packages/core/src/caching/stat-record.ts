import type { Entry, FileStat } from '../contract/backend.ts'

/** A stat or an entry as text. Members that are there without a value stay there: who compares answers must find the same. */
export function encodeRecord(record: FileStat | Entry): string {
  return JSON.stringify(record, toWritable)
}

/** The inverse of {@link encodeRecord}: an object of the caller's own. @throws SyntaxError for a text that it never wrote */
export function decodeStat(text: string): FileStat {
  return withDates(JSON.parse(text) as Written<FileStat>)
}

/** A page of a listing as text. */
export function encodePage(entries: readonly Entry[]): string {
  return JSON.stringify(entries, toWritable)
}

/** The inverse of {@link encodePage}. @throws SyntaxError for a text that it never wrote */
export function decodePage(text: string): Entry[] {
  return (JSON.parse(text) as Written<Entry>[]).map((entry) => withDates(entry))
}

type Written<T> = { readonly [K in keyof T]: T[K] | null }

function toWritable(this: unknown, _key: string, value: unknown): unknown {
  return value === undefined ? null : value
}

function withDates<T extends FileStat | Entry>(written: Written<T>): T {
  const pairs = Object.entries(written).map(([name, value]) => [name, readValue(name, value)] as const)
  return Object.fromEntries(pairs) as unknown as T
}

function readValue(name: string, value: unknown): unknown {
  if (value === null) return undefined
  return (name === 'modifiedAt' || name === 'createdAt') && typeof value === 'string' ? new Date(value) : value
}
