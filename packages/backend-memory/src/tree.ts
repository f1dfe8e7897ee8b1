import { baseName, joinPath, parentPath, type Path, pathSegments, rootPath } from '@nexus/core/contract'
import { recordChange } from './log.ts'
import { type DirectoryNode, type FileNode, type FileState, memoryError, type MemoryState, type Place, type TreeNode } from './state.ts'

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
  return { kind: 'directory', owner: state.owner, createdAt: new Date(state.now()), entries: new Map(), gone: new Map() }
}

/** Freezes the tree as it is: whoever holds `state.root` now keeps exactly that. */
export function freezeTree(state: MemoryState): DirectoryNode {
  state.owner = {}
  return state.root
}

/** As many as retention keeps (DESIGN.md, section 4). */
export const maxKeptVersions = 100

/** Takes the entry at `path` out of its parent. */
export function removeEntry(state: MemoryState, path: Path): DirectoryNode {
  const parent = ownDirectory(state, parentPath(path), { op: 'delete', path })
  parent.entries.delete(baseName(path))
  return parent
}

/** Keeps the history of what stood under a name. */
export function bury(state: MemoryState, directory: DirectoryNode, name: string, node: TreeNode): void {
  const kept = toGone(state, node)
  if (kept !== undefined) directory.gone.set(name, [kept, ...(directory.gone.get(name) ?? [])].slice(0, maxKeptVersions))
}

/** `undefined` where nobody ever saw a file. */
function toGone(state: MemoryState, node: TreeNode): TreeNode | undefined {
  if (node.kind === 'file') {
    const [last, ...past] = ownStates(state, node)
    return last && { kind: 'file', state: last, past }
  }
  const rest: DirectoryNode = { ...node, owner: {}, entries: new Map(), gone: new Map(node.gone) }
  for (const [name, child] of node.entries) bury(state, rest, name, child)
  return rest.gone.size > 0 ? rest : undefined
}

/** Kept states under a name, newest first: of the file there, then of those that were there before, also in directories that are gone. */
export function statesAt(state: MemoryState, path: Path): readonly FileState[] {
  let nodes: readonly TreeNode[] = [state.root]
  for (const name of pathSegments(path)) {
    nodes = nodes.flatMap((node) => {
      const { entries, gone } = node.kind === 'directory' ? node : nothing
      const now = entries.get(name)
      return [...(now === undefined ? [] : [now]), ...(gone.get(name) ?? [])]
    })
  }
  return nodes.flatMap((node) => (node.kind === 'file' ? ownStates(state, node) : []))
}

const nothing: Pick<DirectoryNode, 'entries' | 'gone'> = { entries: new Map(), gone: new Map() }

/** Kept states of one file, newest first. */
export function ownStates(state: MemoryState, node: FileNode): readonly FileState[] {
  return seen(state, [node.state, ...node.past])
}

function seen({ batchFrom }: MemoryState, states: readonly FileState[]): readonly FileState[] {
  return batchFrom === undefined ? states : states.filter(({ sequence }) => sequence <= batchFrom)
}

function own(state: MemoryState, directory: DirectoryNode): DirectoryNode {
  if (directory.owner === state.owner) return directory
  return { ...directory, owner: state.owner, entries: new Map(directory.entries), gone: new Map(directory.gone) }
}
