import type Database from 'better-sqlite3'
import { baseName, parentPath, type Path, pathSegments } from '../contract/paths.ts'
import { rootNode } from './commit.ts'
import { rootRow } from './plan-paths.ts'
import type { EntryRow } from './rows.ts'

/** What was, read from an index that has caught up. */
export interface History {
  /** What was at a path after a commit. */
  at(path: Path, sequence: number): EntryRow | undefined
  /** The node that is at a path now, or that was there last. */
  lastNode(path: Path): { readonly node: number; readonly live: EntryRow | undefined } | undefined
  /** Kept versions of a file, newest first, before `below`. */
  versions(node: number, below: number, limit: number): EntryRow[]
  /** A kept version of any file that ever had this name. */
  versionAt(path: Path, version: number): EntryRow | undefined
  /** The files that had this name, the one there last first, then by when they or their directories went. */
  filesAt(path: Path): NamedFile[]
  /** Entries of a directory as of a commit, ordered by key. */
  childrenAt(directory: number, page: { readonly sequence: number; readonly after: string; readonly limit: number }): EntryRow[]
  /** Where a directory was after a commit; `undefined` when its place was forgotten. */
  pathOf(node: number, sequence: number): string | undefined
  /** The snapshot of that name whose directory holds the path. */
  snapshot(path: Path, name: string): number | undefined
}

/** A file that has or had a name. */
export interface NamedFile {
  readonly node: number
  /** Its newest version while its name leads to it; in a directory that is gone, too. */
  readonly last: EntryRow | undefined
  /** Whether that is what `read` gives now. */
  readonly isCurrent: boolean
}

interface PastRow {
  readonly directory: number
  readonly key: string
  readonly born: number
  readonly node: number
  readonly created: number
}

const maxVersion = Number.MAX_SAFE_INTEGER

/** Prepares the statements on a connection. */
export function createHistory(database: Database.Database): History {
  const live = database.prepare<[number, string, string], EntryRow>('SELECT * FROM entries WHERE directory = ? AND key IN (?, ?)')
  const pastAt = database.prepare<[number, string, string, number, number], PastRow>('SELECT * FROM past WHERE directory = ? AND key IN (?, ?) AND born <= ? AND died > ?')
  const pastLast = database.prepare<[number, string, string], PastRow>('SELECT * FROM past WHERE directory = ? AND key IN (?, ?) ORDER BY died DESC LIMIT 1')
  const pastGone = database.prepare<[number, string], { node: number }>('SELECT node FROM past WHERE directory = ? AND key = ? AND moved = 0 ORDER BY died DESC')
  const versions = database.prepare<[number, number, number], EntryRow>('SELECT 0 AS directory, \'\' AS key, node, 0 AS born, version, digest, size, modified, created, type, metadata FROM versions WHERE node = ? AND version < ? ORDER BY version DESC LIMIT ?')
  const liveChildren = database.prepare<[number, string, number, number], EntryRow>('SELECT * FROM entries WHERE directory = ? AND key > ? AND born <= ? ORDER BY key LIMIT ?')
  const pastChildren = database.prepare<[number, string, number, number, number], PastRow>('SELECT * FROM past WHERE directory = ? AND key > ? AND born <= ? AND died > ? ORDER BY key LIMIT ?')
  const liveDirectory = database.prepare<[number, number], { directory: number; key: string }>('SELECT directory, key FROM entries WHERE node = ? AND digest IS NULL AND born <= ?')
  const pastDirectory = database.prepare<[number, number, number], { directory: number; key: string }>('SELECT directory, key FROM past WHERE node = ? AND born <= ? AND died >= ? ORDER BY died LIMIT 1')
  const namedSnapshot = database.prepare<[number, string], { sequence: number }>('SELECT sequence FROM snapshots WHERE node = ? AND name = ?')

  /** The row as it was: its version then, which may have been replaced since. */
  const asOf = (row: EntryRow, sequence: number): EntryRow | undefined => {
    if (row.digest === null || row.version <= sequence) return row
    const [older] = versions.all(row.node, sequence + 1, 1)
    return older === undefined ? undefined : { ...older, directory: row.directory, key: row.key, born: row.born }
  }
  const fromPast = ({ directory, key, born, node, created }: PastRow, sequence: number): EntryRow | undefined => {
    if (key.endsWith('/')) return { ...rootRow, directory, key, node, born, version: born, modified: created, created }
    const [older] = versions.all(node, sequence === maxVersion ? maxVersion : sequence + 1, 1)
    if (older !== undefined) return { ...older, directory, key, born }
    return undefined
  }
  const entryAt = (directory: number, name: string, sequence: number): EntryRow | undefined => {
    const row = live.get(directory, name, `${name}/`)
    if (row !== undefined && row.born <= sequence) return asOf(row, sequence)
    const past = pastAt.get(directory, name, `${name}/`, sequence, sequence)
    return past === undefined ? undefined : fromPast(past, sequence)
  }

  const lastNode = (path: Path): { node: number; live: EntryRow | undefined } | undefined => {
    let found: { node: number; live: EntryRow | undefined } = { node: rootNode, live: rootRow }
    for (const name of pathSegments(path)) {
      const row: EntryRow | undefined = live.get(found.node, name, `${name}/`)
      const node: number | undefined = row?.node ?? pastLast.get(found.node, name, `${name}/`)?.node
      if (node === undefined) return undefined
      found = { node, live: found.live === undefined ? undefined : row }
    }
    return found
  }
  /** What a directory holds or held under a key, newest first; what moved on is elsewhere, with its files and their versions. */
  const nodesUnder = (directory: number, key: string): { node: number; row: EntryRow | undefined }[] => {
    const row = live.get(directory, key, key)
    const gone = pastGone.all(directory, key).filter(({ node }) => node !== row?.node)
    return [...(row === undefined ? [] : [{ node: row.node, row }]), ...gone.map(({ node }) => ({ node, row: undefined }))]
  }
  /** Also those in whose place another one was made. */
  const directoriesAt = (path: Path): { node: number; isLive: boolean }[] => {
    let found = [{ node: rootNode, isLive: true }]
    for (const name of pathSegments(path)) {
      found = found.flatMap(({ node, isLive }) => nodesUnder(node, `${name}/`).map((below) => ({ node: below.node, isLive: isLive && below.row !== undefined })))
    }
    return found
  }
  const filesAt = (path: Path): NamedFile[] => {
    if (path === '/') return []
    return directoriesAt(parentPath(path)).flatMap((directory) =>
      nodesUnder(directory.node, baseName(path)).map(({ node, row }) => ({ node, last: row, isCurrent: directory.isLive && row !== undefined })),
    )
  }

  return {
    at(path, sequence) {
      let row: EntryRow = rootRow
      for (const name of pathSegments(path)) {
        if (row.digest !== null) return undefined
        const next = entryAt(row.node, name, sequence)
        if (next === undefined) return undefined
        row = next
      }
      return row
    },
    lastNode: (path) => lastNode(path),
    versions: (node, below, limit) => versions.all(node, below, limit),
    versionAt(path, version) {
      for (const { node, last } of filesAt(path)) {
        if (last?.version === version) return last
        const kept = versions.all(node, version + 1, 1).find((row) => row.version === version)
        if (kept !== undefined) return kept
      }
      return undefined
    },
    filesAt,
    childrenAt(directory, { sequence, after, limit }) {
      const now = liveChildren.all(directory, after, sequence, limit).flatMap((row) => asOf(row, sequence) ?? [])
      const then = pastChildren.all(directory, after, sequence, sequence, limit).flatMap((row) => fromPast(row, sequence) ?? [])
      return [...now, ...then].sort((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key))).slice(0, limit)
    },
    pathOf(node, sequence) {
      let path = ''
      for (let at = node; at !== rootNode; ) {
        const place = liveDirectory.get(at, sequence) ?? pastDirectory.get(at, sequence, sequence)
        if (place === undefined) return undefined
        path = `/${place.key.slice(0, -1)}${path}`
        at = place.directory
      }
      return path === '' ? '/' : path
    },
    snapshot(path, name) {
      for (let at = path; ; at = parentPath(at)) {
        const node = lastNode(at)?.node
        const found = node === undefined ? undefined : namedSnapshot.get(node, name)
        if (found !== undefined || at === '/') return found?.sequence
      }
    },
  }
}

/** The number of a commit; `undefined` when it is none, as of a version that nobody ever gave. */
export function parseVersion(version: string): number | undefined {
  const number = Number(version)
  return Number.isSafeInteger(number) && number > 0 && String(number) === version ? number : undefined
}
