import type { Entry } from '../contract/backend.ts'
import { type Path, sortName } from '../contract/paths.ts'

/** Where an entry stands in a listing of `directory`: its path below it, a directory's with `/`. */
export function keyBelow(directory: Path, entry: Pick<Entry, 'path' | 'kind'>): string {
  const name = entry.path.slice(directory === '/' ? 1 : directory.length + 1)
  return sortName({ name, kind: entry.kind })
}
