import type { FileStat, MetadataPatch } from '@nexus/core/contract'
import { checkConditions } from './conditions.ts'
import { memoryError, type MemoryState, type Place } from './state.ts'
import { requireNode } from './tree.ts'
import { storeFile } from './write.ts'

/** Merges the patch into a file's metadata; `null` removes a name. */
export function setMetadata(
  state: MemoryState,
  place: Place,
  patch: MetadataPatch,
  options: { readonly ifMatch?: string | undefined },
): FileStat {
  const node = requireNode(state, place)
  if (node.kind === 'directory') throw memoryError('is_directory', place)
  checkConditions(node, options, place)
  const merged = Object.entries({ ...node.state.metadata, ...patch }).filter((pair): pair is [string, string] => pair[1] !== null)
  return storeFile(state, place, { ...node.state, metadata: Object.fromEntries(merged) })
}
