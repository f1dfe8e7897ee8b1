import { joinPath, parentPath, type Path, pathSegments, rootPath } from '@nexus/core/contract'
import { recordChange } from './log.ts'
import { type DirectoryNode, type FileState, memoryError, type MemoryState, type Place, type TreeNode } from './state.ts'

/** What stands at `path` below `directory`; below a file there is nothing. */
export function findNode(directory: DirectoryNode, path: Path): TreeNode | undefined {
  let node: TreeNode | undefined = directory
  for (const name of pathSegments(path)) {
    if (node?.kind !== 'directory') return undefined
    node = node.entries.get(name)
  }
  return node
}

/** What stands at the place. @throws NexusError `not_found` */
export function requireNode(state: MemoryState, place: Place): TreeNode {
  const node = findNode(state.root, place.path)
  if (node === undefined) throw memoryError('not_found', place)
  return node
}

/**
 * The directory at `path` in a form that may be changed in place, made with its parents when it is missing.
 * @throws NexusError `not_directory` at `place` when a file stands where a directory is needed; nothing is made then.
 */
export function ownDirectory(state: MemoryState, path: Path, place: Place): DirectoryNode {
  let directory = (state.root = own(state, state.root))
  let walked = rootPath
  for (const name of pathSegments(path)) {
    walked = joinPath(walked, name)
    const next = directory.entries.get(name)
    if (next?.kind === 'file') throw memoryError('not_directory', place, `"${name}", on the way to it, is a file.`)
    const owned = next === undefined ? makeDirectory(state, walked) : own(state, next)
    directory.entries.set(name, owned)
    directory = owned
  }
  return directory
}

/** A new empty directory for `path`, told to the change log; the caller enters it into its parent. */
export function makeDirectory(state: MemoryState, path: Path): DirectoryNode {
  recordChange(state, { type: 'created', path, kind: 'directory' })
  return { kind: 'directory', owner: state.owner, createdAt: new Date(state.now()), entries: new Map() }
}

/** Freezes the tree as it is: whoever holds `state.root` now keeps exactly that. */
export function freezeTree(state: MemoryState): DirectoryNode {
  state.owner = {}
  return state.root
}

/** Takes the entry at `path` out of its parent; the history of files stays as graves when `keepGraves`. */
export function removeEntry(state: MemoryState, path: Path, node: TreeNode, { keepGraves }: { readonly keepGraves: boolean }): void {
  const parent = ownDirectory(state, parentPath(path), { op: 'delete', path })
  parent.entries.delete(path.slice(path.lastIndexOf('/') + 1))
  if (keepGraves) bury(state, path, node)
}

function bury(state: MemoryState, path: Path, node: TreeNode): void {
  if (node.kind === 'directory') {
    for (const [name, child] of node.entries) bury(state, joinPath(path, name), child)
  } else {
    const kept = seen(state, [node.state, ...node.past])
    if (kept.length > 0) state.graves.set(path, kept)
  }
}

/** Kept states under a name, newest first: of the file there, or of the one that was deleted there. */
export function statesAt(state: MemoryState, path: Path): readonly FileState[] {
  const node = findNode(state.root, path)
  return node?.kind === 'file' ? seen(state, [node.state, ...node.past]) : (state.graves.get(path) ?? [])
}

function seen({ batchFrom }: MemoryState, states: readonly FileState[]): readonly FileState[] {
  return batchFrom === undefined ? states : states.filter(({ sequence }) => sequence <= batchFrom)
}

function own(state: MemoryState, directory: DirectoryNode): DirectoryNode {
  if (directory.owner === state.owner) return directory
  return { ...directory, owner: state.owner, entries: new Map(directory.entries) }
}
