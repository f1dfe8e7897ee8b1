import type { Database } from 'better-sqlite3'
import type { FileStat } from '../contract/backend.ts'
import { parentPath, type Path } from '../contract/paths.ts'
import { ancestorsOf } from './change-slots.ts'
import { keyBelow } from './listing-key.ts'

interface Found {
  readonly path: Path
  readonly entries: string
}

/**
 * Whether a listing that is kept shows the path otherwise than an answer about it. Looks for the text and does not read the page: what it takes for a
 * contradiction by mistake is only asked for again.
 */
export function createContradiction(database: Database, scope: number): (path: Path, stat: FileStat | undefined) => boolean {
  const pageWith = database.prepare<[number, string, number, string], Found>(
    `SELECT listings.path, pages.entries FROM listings JOIN pages ON listing = id
     WHERE scope = ? AND path = ? AND complete = 1 AND ordered = 1 AND recursive >= ? AND first <= ? ORDER BY page DESC LIMIT 1`,
  )
  return (path, stat) => {
    if (path === '/') return false
    const parent = parentPath(path)
    return ancestorsOf(path).some((directory) => {
      const key = keyBelow(directory, { path, kind: stat?.kind ?? 'file' })
      // A plain listing shows what is in the directory itself; one further up has to be recursive.
      const page = pageWith.get(scope, directory, directory === parent ? 0 : 1, key)
      return page !== undefined && contradicts(page.entries, path, stat)
    })
  }
}

function contradicts(page: string, path: Path, stat: FileStat | undefined): boolean {
  const isShown = page.includes(`"path":${JSON.stringify(path)}`)
  if (stat === undefined || !isShown) return isShown !== (stat !== undefined)
  return stat.etag !== undefined && !page.includes(`"etag":${JSON.stringify(stat.etag)}`)
}
