import { parentPath, type Path } from '../contract/paths.ts'

/** Changes of whole directories, which concern every path below. */
const treeSlot = -1
const slotCount = 256

/** What a change touches: a path, and whether everything below it goes along. */
export interface Touched {
  readonly path: Path
  readonly isTree: boolean
}

/** The directories above a path, nearest first; none for the root. */
export function ancestorsOf(path: Path): Path[] {
  const ancestors: Path[] = []
  for (let at = path; at !== '/'; ) {
    at = parentPath(at)
    ancestors.push(at)
  }
  return ancestors
}

/** The counters that tell whether an answer about this path, or a listing of it, may have been overtaken by a change. */
export function slotsToWatch(path: Path): readonly number[] {
  return [treeSlot, slotOf(path)]
}

/** The counters that a change moves: the paths' own and, because their listings change, those of the directories above. */
export function slotsToMove(touched: readonly Touched[]): readonly number[] {
  const slots = touched.flatMap(({ path, isTree }) => [...(isTree ? [treeSlot] : []), slotOf(path), ...ancestorsOf(path).map(slotOf)])
  return [...new Set(slots)]
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): paths that share a slot are only forgotten once too often. */
function slotOf(path: Path): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < path.length; index++) hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193)
  return (hash >>> 0) % slotCount
}
