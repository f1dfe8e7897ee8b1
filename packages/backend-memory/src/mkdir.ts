import { baseName, type FileStat, type MkdirOptions, parentPath } from '@nexus/core/contract'
import { memoryError, type MemoryState, type Place, toFileStat } from './state.ts'
import { findNode, makeDirectory, ownDirectory } from './tree.ts'

/** Makes a directory; gives its stat, for `batch`. */
export function mkdir(state: MemoryState, place: Place, options: Omit<MkdirOptions, 'signal'>): FileStat {
  const node = findNode(state.root, place.path)
  if (options.recursive === true) {
    if (node?.kind === 'file') throw memoryError('already_exists', place, 'A file stands there.')
    return toFileStat(place.path, ownDirectory(state, place.path, place))
  }
  if (node !== undefined) throw memoryError('already_exists', place)
  const parent = nearestKind(state, place)
  if (parent === 'file') throw memoryError('not_directory', place, 'One of its parents is a file.')
  if (parent === undefined) throw memoryError('not_found', place, 'Its parent does not exist; pass recursive to make it too.')
  const directory = makeDirectory(state, place.path)
  ownDirectory(state, parentPath(place.path), place).entries.set(baseName(place.path), directory)
  return toFileStat(place.path, directory)
}

/** Kind of the parent; `file` also when a file stands further up, `undefined` when it is simply missing. */
function nearestKind(state: MemoryState, { path }: Place): 'file' | 'directory' | undefined {
  const parent = findNode(state.root, parentPath(path))
  if (parent !== undefined) return parent.kind
  for (let at = parentPath(path); at !== '/'; at = parentPath(at)) {
    const node = findNode(state.root, at)
    if (node !== undefined) return node.kind === 'file' ? 'file' : undefined
  }
  return undefined
}
