import { type FileStat, isWithin, parentPath, relativePath, rootPath, type StatOptions } from '@nexus/core/contract'
import { type KeptSnapshot, memoryError, type MemoryState, type Place, type TreeNode, toFileStat, toVersion } from './state.ts'
import { findNode, requireNode, statesAt } from './tree.ts'

/** What is known of a path, now, in a version or in a snapshot. */
export function stat(state: MemoryState, place: Place, options: StatOptions): FileStat {
  return toFileStat(place.path, resolveNode(state, place, options))
}

/** The node that the options ask for. @throws NexusError `not_found` */
export function resolveNode(state: MemoryState, place: Place, options: Pick<StatOptions, 'version' | 'snapshot'>): TreeNode {
  if (options.version !== undefined) return resolveVersion(state, place, options.version)
  if (options.snapshot !== undefined) return resolveSnapshot(state, place, options.snapshot)
  return requireNode(state, place)
}

function resolveVersion(state: MemoryState, place: Place, version: string): TreeNode {
  const kept = statesAt(state, place.path).find((candidate) => toVersion(candidate) === version)
  if (kept === undefined) throw memoryError('not_found', place, `No version "${version}" is kept; versions() lists those that are.`)
  return { kind: 'file', state: kept, past: [] }
}

function resolveSnapshot(state: MemoryState, place: Place, name: string): TreeNode {
  const snapshot = nearestSnapshot(state, place, name)
  if (snapshot === undefined)
    throw memoryError('not_found', place, `No snapshot "${name}" holds this path; snapshots() lists those that exist.`)
  const node = findNode(snapshot.node, relativePath(place.path, snapshot.path))
  if (node === undefined) throw memoryError('not_found', place, `The snapshot "${name}" of ${snapshot.path} does not hold it.`)
  return node
}

/** The snapshot of that name at the path itself or at the nearest directory above it. */
function nearestSnapshot(state: MemoryState, { path }: Place, name: string): KeptSnapshot | undefined {
  for (let at = path; isWithin(path, at); at = parentPath(at)) {
    const snapshot = state.snapshots.get(at)?.get(name)
    if (snapshot !== undefined || at === rootPath) return snapshot
  }
  return undefined
}
