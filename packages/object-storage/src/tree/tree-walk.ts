import { compareUtf8, type Entry, joinPath, type Path } from '@nexus/core/contract'
import type { ObjectInfo, ObjectPage } from '../object-store.ts'
import { isMarker, toSegment } from './keys.ts'
import { directoryStat, toFileStat } from './stat.ts'

interface WalkOptions {
  readonly path: Path
  readonly prefix: string
  /** Directories up to this key, relative to the listed one, were told before. */
  readonly after: string
}

/** A directory that the walk is in. */
interface Open {
  readonly name: string
  readonly path: Path
}

/** Turns the pages of a flat listing into files and, each before what is in it, the directories that their keys name. */
export function createTreeWalk({ path, prefix, after }: WalkOptions): (page: ObjectPage) => Entry[] {
  const open: Open[] = []
  const enter = (names: readonly string[], entries: Entry[]): Path => {
    let depth = 0
    while (depth < open.length && depth < names.length && open[depth]?.name === names[depth]) depth++
    open.length = depth
    for (const [index, name] of names.entries()) {
      if (index < depth) continue
      const shown = toSegment(name)
      const below = joinPath(open.at(-1)?.path ?? path, shown)
      open.push({ name, path: below })
      if (compareUtf8(`${names.slice(0, index + 1).join('/')}/`, after) > 0) entries.push({ name: shown, ...directoryStat(below) })
    }
    return open.at(-1)?.path ?? path
  }
  return ({ objects }) => {
    const entries: Entry[] = []
    for (const info of objects) {
      const names = info.key.slice(prefix.length).split('/')
      const name = names.pop() ?? ''
      const parent = enter(names, entries)
      if (!isMarker(info)) entries.push(toEntry(parent, toSegment(name), info))
    }
    return entries
  }
}

/** A file's row; attributes only where the listing told them. */
export function toEntry(parent: Path, name: string, info: ObjectInfo): Entry {
  const { metadata, ...stat } = toFileStat(joinPath(parent, name), info)
  return { name, ...stat, kind: 'file', ...(info.metadata && { metadata }) }
}
