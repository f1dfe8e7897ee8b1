import type Database from 'better-sqlite3'
import { joinPath, type Path } from '../../contract/paths.ts'
import { entriesInOrder, inRange, keyRanges, versionsInOrder } from './key-ranges.ts'
import { createLastPath, type LastPath } from './last-path.ts'
import type { Pace } from './pace.ts'

/** A version of a file that has a certain content. */
export interface ContentOwner {
  readonly digest: string
  readonly version: number
  readonly node: number
  /** Where the file is, or was last; `undefined` when its place was forgotten. */
  readonly path: string | undefined
  /** The live place of the version that the file shows now. */
  readonly place?: { readonly directory: number; readonly name: string }
}

interface OwnerRow {
  readonly digest: string
  readonly node: number
  readonly version: number
}

interface PlacedRow extends OwnerRow {
  readonly directory: number
  readonly key: string
}

/**
 * The versions of files that have one of these contents, and those whose content is not known at all, as after a quarantine.
 * @param digests Whole contents; a part is found by whoever looks at lists of pieces.
 */
export async function findContentOwners(database: Database.Database, digests: Iterable<string>, pace: Pace): Promise<ContentOwner[]> {
  database.exec('CREATE TEMP TABLE IF NOT EXISTS wanted (digest TEXT PRIMARY KEY) WITHOUT ROWID; DELETE FROM wanted')
  const want = database.prepare('INSERT OR IGNORE INTO wanted VALUES (?)')
  for (const digest of digests) want.run(digest)
  const lastPath = createLastPath(database)
  return [...(await currentOwners(database, lastPath, pace)), ...(await pastOwners(database, lastPath, pace))]
}

const isWanted = '(EXISTS (SELECT 1 FROM wanted w WHERE w.digest = t.digest) OR NOT EXISTS (SELECT 1 FROM contents c WHERE c.digest = t.digest))'

async function currentOwners(database: Database.Database, lastPath: LastPath, pace: Pace): Promise<ContentOwner[]> {
  const rows = database.prepare<unknown[], PlacedRow>(`SELECT digest, node, version, directory, key FROM entries t WHERE ${inRange(entriesInOrder)} AND digest IS NOT NULL AND ${isWanted}`)
  const found: ContentOwner[] = []
  for await (const range of keyRanges(database, entriesInOrder, pace)) {
    for (const row of rows.all(...range)) found.push(toOwner(lastPath, row))
  }
  return found
}

function toOwner(lastPath: LastPath, row: PlacedRow): ContentOwner {
  return { digest: row.digest, version: row.version, node: row.node, path: pathOf(lastPath, row), place: { directory: row.directory, name: row.key } }
}

async function pastOwners(database: Database.Database, lastPath: LastPath, pace: Pace): Promise<ContentOwner[]> {
  const rows = database.prepare<unknown[], OwnerRow>(`SELECT digest, node, version FROM versions t WHERE ${inRange(versionsInOrder)} AND ${isWanted}`)
  const found: OwnerRow[] = []
  for await (const range of keyRanges(database, versionsInOrder, pace)) found.push(...rows.all(...range))
  const places = await findPlaces(database, { nodes: new Set(found.map(({ node }) => node)), lastPath, pace })
  // A file that was moved has its present version here too, which was told already.
  return found.filter(({ node, version }) => places.get(node)?.version !== version).map(({ digest, version, node }) => ({ digest, version, node, path: places.get(node)?.path }))
}

interface FoundPlace {
  readonly path: string | undefined
  /** Of the live file. */
  readonly version?: number
}

/** Where files are, or were last. */
async function findPlaces(database: Database.Database, { nodes, lastPath, pace }: { nodes: ReadonlySet<number>; lastPath: LastPath; pace: Pace }): Promise<Map<number, FoundPlace>> {
  const places = new Map<number, FoundPlace>()
  if (nodes.size === 0) return places
  const past = database.prepare<[number], { directory: number; key: string }>('SELECT directory, key FROM past WHERE node = ? ORDER BY died DESC LIMIT 1')
  for (const node of nodes) {
    const row = past.get(node)
    if (row !== undefined) places.set(node, { path: pathOf(lastPath, row) })
  }
  const rows = database.prepare<unknown[], PlacedRow>(`SELECT digest, node, version, directory, key FROM entries WHERE ${inRange(entriesInOrder)} AND digest IS NOT NULL`)
  for await (const range of keyRanges(database, entriesInOrder, pace)) {
    for (const row of rows.iterate(...range)) if (nodes.has(row.node)) places.set(row.node, { path: pathOf(lastPath, row), version: row.version })
  }
  return places
}

function pathOf(lastPath: LastPath, { directory, key }: { readonly directory: number; readonly key: string }): string | undefined {
  const parent = lastPath(directory)
  return parent === undefined ? undefined : joinPath(parent as Path, key)
}
