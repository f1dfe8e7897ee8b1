import { isWithin, parentPath, type Path, rootPath } from '../contract/paths.ts'

/** Beyond so many one pass over everything is less work, and less to remember. */
const maxPaths = 10_000

/** Which paths have to be looked at again. A directory stands for all below it. */
export interface TouchedPaths {
  readonly isEmpty: boolean
  add(path: Path): void
  /** Gives all, none of which lies in another, and forgets them. */
  take(): Path[]
}

/** Nothing was touched yet. */
export function createTouchedPaths(): TouchedPaths {
  const paths = new Set<Path>()
  const isCovered = (path: Path): boolean => {
    for (let above = path; above !== rootPath; ) if (paths.has((above = parentPath(above)))) return true
    return false
  }
  return {
    get isEmpty() {
      return paths.size === 0
    },
    add: (path) => {
      if (paths.size >= maxPaths) paths.clear()
      else if (!paths.has(rootPath)) return void paths.add(path)
      paths.add(rootPath)
    },
    take: () => {
      const taken = [...paths].filter((path) => !isCovered(path))
      paths.clear()
      return taken
    },
  }
}

/** A path of the kernel seen from the watched directory; `undefined` outside of it. */
export function partOf(path: Path, root: Path): Path | undefined {
  if (!isWithin(path, root)) return undefined
  return path === root ? rootPath : (path.slice(root === rootPath ? 0 : root.length) as Path)
}
