import type Database from 'better-sqlite3'
import { rootNode } from '../commit.ts'
import type { Pace } from './pace.ts'

/** Counts the files that can be reached from the root: those of a deleted directory are still among the entries. */
export async function countFiles(database: Database.Database, pace: Pace): Promise<number> {
  const inside = database.prepare<[number], { files: number }>('SELECT count(digest) AS files FROM entries WHERE directory = ?')
  const below = database.prepare<[number], { node: number }>('SELECT node FROM entries WHERE directory = ? AND digest IS NULL')
  const pending = [rootNode]
  // In a damaged index a directory may be below itself.
  const seen = new Set<number>(pending)
  let files = 0
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    files += inside.get(directory)?.files ?? 0
    for (const { node } of below.iterate(directory)) {
      if (!seen.has(node)) pending.push(node)
      seen.add(node)
    }
    await pace()
  }
  return files
}
