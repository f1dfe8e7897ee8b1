import type Database from 'better-sqlite3'
import { entriesInOrder, inRange, keyRanges } from './key-ranges.ts'
import type { Pace } from './pace.ts'

/** What retention goes by. */
export interface RetentionRule {
  readonly keepVersions: number
  /** What ended before this goes, in milliseconds since the epoch. */
  readonly before: number
  /** Commits whose state is kept whole, ascending. */
  readonly snapshots: readonly number[]
}

/** A place in a directory that was left. */
export interface LeftPlace {
  readonly directory: number
  readonly name: string
  readonly kind: 'file' | 'directory'
  readonly node: number
  readonly born: number
}

interface VersionRow {
  readonly node: number
  readonly version: number
  readonly modified: number
}

interface KeptRow extends VersionRow {
  readonly liveVersion: number | null
  readonly liveModified: number | null
}

interface PastRow {
  readonly directory: number
  readonly key: string
  readonly born: number
  readonly died: number
  readonly node: number
  readonly ended: number
}

/** Notes the present version of every file that has a history: entries cannot be found by file. */
export async function copyLiveFiles(database: Database.Database, pace: Pace): Promise<void> {
  database.exec('CREATE TEMP TABLE live (node INTEGER PRIMARY KEY, version INTEGER NOT NULL, modified INTEGER NOT NULL)')
  const copy = database.prepare(
    `INSERT OR REPLACE INTO live SELECT node, version, modified FROM entries e
     WHERE ${inRange(entriesInOrder)} AND digest IS NOT NULL AND EXISTS (SELECT 1 FROM versions v WHERE v.node = e.node)`,
  )
  for await (const range of keyRanges(database, entriesInOrder, pace)) copy.run(...range)
}

/** The versions to let go, file by file. Asks for {@link copyLiveFiles} first. */
export function* forgettableVersions(database: Database.Database, rule: RetentionRule): Generator<{ readonly node: number; readonly versions: number[] }> {
  const kept = database.prepare<[], KeptRow>(
    'SELECT v.node, v.version, v.modified, l.version AS liveVersion, l.modified AS liveModified FROM versions v LEFT JOIN live l ON l.node = v.node ORDER BY v.node, v.version DESC',
  )
  const end = database.prepare<[number], { died: number | null; ended: number | null }>('SELECT max(died) AS died, max(ended) AS ended FROM past WHERE node = ?')
  let file: FileHistory | undefined
  for (const row of kept.iterate()) {
    if (file?.node !== row.node) {
      if (file !== undefined) yield file
      file = new FileHistory(row, end.get(row.node), rule)
    }
    file.look(row)
  }
  if (file !== undefined) yield file
}

/** The versions of one file, newest first. */
class FileHistory {
  readonly node: number
  readonly versions: number[] = []
  readonly #rule: RetentionRule
  readonly #live: number | undefined
  #rank: number
  #next: { readonly version: number; readonly at: number }

  constructor(newest: KeptRow, end: { readonly died: number | null; readonly ended: number | null } | undefined, rule: RetentionRule) {
    this.node = newest.node
    this.#rule = rule
    this.#live = newest.liveVersion ?? undefined
    this.#rank = this.#live === undefined ? 0 : 1
    this.#next =
      newest.liveVersion !== null && newest.liveModified !== null
        ? { version: newest.liveVersion, at: newest.liveModified }
        : { version: end?.died ?? newest.version + 1, at: end?.ended ?? newest.modified }
  }

  look({ version, modified }: VersionRow): void {
    // A file that was moved has its present version here too.
    if (this.#live !== undefined && version >= this.#live) return
    const isOld = this.#next.at < this.#rule.before || this.#rank >= this.#rule.keepVersions
    if (isOld && !isShown(this.#rule, version, this.#next.version)) this.versions.push(version)
    this.#rank++
    this.#next = { version, at: modified }
  }
}

/** Places that were left before the rule's time and that no snapshot shows. */
export function* forgettablePlaces(database: Database.Database, rule: RetentionRule): Generator<LeftPlace> {
  const past = database.prepare<[number], PastRow>('SELECT directory, key, born, died, node, ended FROM past WHERE ended < ? ORDER BY directory, key, born')
  for (const { directory, key, born, died, node } of past.iterate(rule.before)) {
    if (isShown(rule, born, died)) continue
    const kind = key.endsWith('/') ? 'directory' : 'file'
    yield { directory, name: kind === 'directory' ? key.slice(0, -1) : key, kind, node, born }
  }
}

/** Whether a snapshot was taken while something held that was so from one commit until another. */
function isShown({ snapshots }: RetentionRule, from: number, until: number): boolean {
  let low = 0
  let high = snapshots.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((snapshots[middle] ?? 0) < from) low = middle + 1
    else high = middle
  }
  return (snapshots[low] ?? Infinity) < until
}
