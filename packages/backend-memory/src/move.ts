import { baseName, type FileStat, isWithin, type MoveOptions, parentPath, type Path } from '@nexus/core/contract'
import { checkConditions } from './conditions.ts'
import { recordChange } from './log.ts'
import {
  type DirectoryNode,
  memoryError,
  type MemoryState,
  type Place,
  toEtag,
  toFileStat,
  type TreeNode,
} from './state.ts'
import { bury, findNode, ownDirectory, removeEntry, requireNode } from './tree.ts'
import { stamp, storeFile } from './write.ts'

type Move = Omit<MoveOptions, 'signal'>

/** Moves a file or a directory in one step; its versions go with it. */
export function rename(state: MemoryState, place: Place, to: Path, options: Move): FileStat {
  const node = checkMove(state, place, to, options)
  if (to === place.path) return toFileStat(to, node)
  const target = ownDirectory(state, parentPath(to), { op: place.op, path: to })
  removeEntry(state, place.path)
  const replaced = target.entries.get(baseName(to))
  if (replaced !== undefined) bury(state, target, baseName(to), replaced)
  target.entries.set(baseName(to), node)
  recordChange(state, {
    type: 'renamed',
    path: to,
    from: place.path,
    kind: node.kind,
    etag: node.kind === 'file' ? toEtag(node.state) : undefined,
  })
  return toFileStat(to, node)
}

/** Copies a file or a whole directory in one step; the copy has a history of its own. */
export function copy(state: MemoryState, place: Place, to: Path, options: Move): FileStat {
  const node = checkMove(state, place, to, options)
  if (to === place.path) return toFileStat(to, node)
  const target = { op: place.op, path: to }
  if (node.kind === 'file') return storeFile(state, target, { ...node.state, createdAt: undefined })
  const clone = cloneTree(state, node)
  ownDirectory(state, parentPath(to), target).entries.set(baseName(to), clone)
  recordChange(state, { type: 'created', path: to, kind: 'directory' })
  return toFileStat(to, clone)
}

/** The rules that rename and copy share; gives the source. */
function checkMove(state: MemoryState, place: Place, to: Path, options: Move): TreeNode {
  const source = requireNode(state, place)
  checkConditions(source, { ifMatch: options.ifMatch }, place)
  if (to === place.path) return source
  const target = { op: place.op, path: to }
  if (source.kind === 'directory' && isWithin(to, place.path))
    throw memoryError('invalid_argument', target, `It lies inside ${place.path}, which would hold itself.`)
  const standing = findNode(state.root, to)
  checkConditions(standing, { ifNoneMatch: options.ifNoneMatch }, target)
  if (standing?.kind === 'directory') throw memoryError('is_directory', target, 'A directory stands there; name the place inside it.')
  if (standing?.kind === 'file' && source.kind === 'directory')
    throw memoryError('not_directory', target, 'A directory does not replace a file.')
  return source
}

function cloneTree(state: MemoryState, node: DirectoryNode): DirectoryNode {
  const clone: DirectoryNode = { kind: 'directory', owner: state.owner, createdAt: new Date(state.now()), entries: new Map(), gone: new Map() }
  for (const [name, child] of node.entries) {
    const copied =
      child.kind === 'directory'
        ? cloneTree(state, child)
        : { ...child, state: stamp(state, { ...child.state, createdAt: undefined }), past: [] }
    clone.entries.set(name, copied)
  }
  return clone
}
