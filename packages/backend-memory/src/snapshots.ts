import type { CallOptions, Path, Snapshot } from '@nexus/core/contract'
import { checkRunnable } from './run.ts'
import { type KeptSnapshot, memoryError, type MemoryState, type Place } from './state.ts'
import { freezeTree, requireNode } from './tree.ts'

/** Names the state of a directory; costs nothing until something below it changes. */
export function takeSnapshot(state: MemoryState, place: Place, name: string): Snapshot {
  const node = requireNode(state, place)
  if (node.kind === 'file') throw memoryError('not_directory', place)
  const named = state.snapshots.get(place.path) ?? new Map<string, KeptSnapshot>()
  if (named.has(name)) throw memoryError('already_exists', place, `A snapshot "${name}" was taken here already; delete it first.`)
  freezeTree(state)
  const snapshot: KeptSnapshot = { name, path: place.path, createdAt: new Date(state.now()), version: `s${++state.sequence}`, node }
  named.set(name, snapshot)
  state.snapshots.set(place.path, named)
  return toSnapshot(snapshot)
}

/** The snapshots taken at exactly this path, oldest first. */
export async function* listSnapshots(state: MemoryState, path: Path, options: CallOptions = {}): AsyncGenerator<Snapshot> {
  const place = { op: 'snapshots', path }
  checkRunnable(state, place, options.signal)
  const kept = await Promise.resolve(Array.from(state.snapshots.get(path)?.values() ?? [], toSnapshot))
  for (const snapshot of kept) {
    checkRunnable(state, place, options.signal)
    yield snapshot
  }
}

/** Lets a snapshot go. @throws NexusError `not_found` */
export function deleteSnapshot(state: MemoryState, place: Place, name: string): void {
  if (state.snapshots.get(place.path)?.delete(name) !== true) throw memoryError('not_found', place, `No snapshot "${name}" was taken here.`)
}

function toSnapshot({ name, path, createdAt, version }: KeptSnapshot): Snapshot {
  return { name, path, createdAt: new Date(createdAt), version }
}
