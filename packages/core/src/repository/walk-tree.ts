import type { Entry } from '../contract/backend.ts'
import { joinPath, type Path } from '../contract/paths.ts'
import type { DigestAlgorithm } from './digest.ts'
import { entryName, type EntryRow } from './rows.ts'
import { toEntry } from './to-stat.ts'

/** Reads one page of a directory. */
export type PageReader = (directory: number, after: string, limit: number) => readonly EntryRow[]

/** What is walked, and how its pages are read. */
export interface Walk {
  readonly directory: number
  readonly path: Path
  /** Segments of the path to resume after; none to begin at the beginning. */
  readonly startAfter: readonly string[]
  readonly recursive: boolean
  readonly algorithm: DigestAlgorithm
  /** Called before each page: what it reads may have moved on. */
  readonly page: () => Promise<PageReader>
}

/** A directory on the way, as far as it was walked. */
interface Level {
  readonly directory: number
  readonly path: Path
  rows: readonly EntryRow[]
  next: number
  /** Key after which the next page begins; `undefined` when there is none. */
  after: string | undefined
}

const pageSize = 1000
/** Entries are handed on together, because each step of an iteration costs more than an entry. */
const entriesPerStep = 256

/** The entries of a directory, or of all below it too, in the order of listings. */
export async function* walkTree(walk: Walk): AsyncGenerator<readonly Entry[]> {
  const levels = await begin(walk)
  let entries: Entry[] = []
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const row = level.rows[level.next++]
    if (row === undefined) {
      if (!(await turnPage(level, walk))) levels.pop()
      continue
    }
    entries.push(toEntry(row, level.path, walk.algorithm))
    if (walk.recursive && row.digest === null) levels.push(levelAt(row.node, joinPath(level.path, entryName(row)), ''))
    if (entries.length < entriesPerStep) continue
    yield entries
    entries = []
  }
  if (entries.length > 0) yield entries
}

/** Reads on in a directory. @returns Whether there is more */
async function turnPage(level: Level, { page }: Walk): Promise<boolean> {
  if (level.after === undefined) return false
  level.rows = (await page())(level.directory, level.after, pageSize)
  level.next = 0
  level.after = level.rows.length < pageSize ? undefined : level.rows.at(-1)?.key
  return true
}

/** The directories down to where the walk goes on, each set behind the name that leads on. */
async function begin({ directory, path, startAfter, recursive, page }: Walk): Promise<Level[]> {
  const levels: Level[] = []
  let [node, at]: [number, Path] = [directory, path]
  for (const [depth, name] of startAfter.entries()) {
    if (name === '') break
    const resumed = (await page())(node, justBefore(`${name}/`), 1)[0]
    // Both spellings of a directory's name are taken; a recursive listing goes on inside it.
    const isDirectory = resumed?.key === `${name}/`
    levels.push(levelAt(node, at, isDirectory || depth < startAfter.length - 1 ? `${name}/` : name))
    if (!isDirectory || !recursive) return levels
    node = resumed.node
    at = joinPath(at, name)
  }
  levels.push(levelAt(node, at, ''))
  return levels
}

function levelAt(directory: number, path: Path, after: string): Level {
  return { directory, path, rows: [], next: 0, after }
}

/** A string so little before `name/` that no name people use lies between. */
function justBefore(key: string): string {
  return `${key.slice(0, -1)}.\u{10ffff}`
}
