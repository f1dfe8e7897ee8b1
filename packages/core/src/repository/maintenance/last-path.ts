import type Database from 'better-sqlite3'
import { rootNode } from '../commit.ts'

/** No path is longer; in a damaged index a directory may be below itself. */
const maxDepth = 4096

/** Tells where a directory is, or was last; `undefined` when its place was forgotten. */
export type LastPath = (directory: number) => string | undefined

/** Prepares the statements on a connection. */
export function createLastPath(database: Database.Database): LastPath {
  const live = database.prepare<[number], { directory: number; key: string }>('SELECT directory, key FROM entries WHERE node = ? AND digest IS NULL')
  const past = database.prepare<[number], { directory: number; key: string }>('SELECT directory, key FROM past WHERE node = ? ORDER BY died DESC LIMIT 1')
  return (directory) => {
    let path = ''
    let depth = 0
    for (let at = directory; at !== rootNode; depth++) {
      const place = live.get(at) ?? past.get(at)
      if (place === undefined || depth > maxDepth) return undefined
      path = `/${place.key.slice(0, -1)}${path}`
      at = place.directory
    }
    return path === '' ? '/' : path
  }
}
