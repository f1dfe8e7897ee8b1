/** A live file or directory, with its current version. A directory has no digest. */
export interface EntryRow {
  readonly directory: number
  /** The name; a directory's with `/` behind it, which is how they order. */
  readonly key: string
  readonly node: number
  /** Sequence of the commit that put it at this place. */
  readonly born: number
  /** Sequence of the commit that gave it this content and metadata. */
  readonly version: number
  readonly digest: string | null
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modified: number
  readonly created: number
  readonly type: string | null
  /** JSON; null for none. */
  readonly metadata: string | null
}

/** Where a content's bytes are. */
export interface ContentRow {
  readonly digest: string
  readonly size: number
  /** Object that holds it, with the offset in it; null when it is inline in the journal, or a list of pieces. */
  readonly key: string | null
  /** Segment of the journal that holds it, when it is inline. */
  readonly segment: number | null
  readonly offset: number
  /** Digest of the list of pieces. */
  readonly pieces: string | null
  readonly part: 0 | 1
  /** Whether its object was on disk when it was acknowledged. */
  readonly durable: 0 | 1
}

/** What folding a commit changes, and what planning the next one looks at. */
export interface State {
  /** The live entry of a name, of whatever kind. */
  entry(directory: number, name: string): EntryRow | undefined
  put(row: EntryRow, sequence: number): void
  /** Takes a live entry out of its place, which is kept for snapshots; a row that only moves on keeps its version too. */
  remove(row: EntryRow, died: number, moves?: boolean): void
  /** Keeps the version that is about to be replaced. */
  supersede(row: EntryRow): void
  content(digest: string): ContentRow | undefined
  putContent(row: ContentRow, sequence: number): void
  nextNode: number
}

/** The name of an entry as people see it. */
export function entryName(row: Pick<EntryRow, 'key'>): string {
  return row.key.endsWith('/') ? row.key.slice(0, -1) : row.key
}
