import { baseName, type DeleteOptions, rootPath } from '@nexus/core/contract'
import { checkConditions } from './conditions.ts'
import { recordChange } from './log.ts'
import { memoryError, type MemoryState, type Place } from './state.ts'
import { bury, findNode, removeEntry } from './tree.ts'

/** Removes a file, an empty directory, or (`recursive`) a directory with all below it. */
export function deletePath(state: MemoryState, place: Place, options: Omit<DeleteOptions, 'signal'>): void {
  const node = findNode(state.root, place.path)
  if (node === undefined) {
    if (options.force === true) return
    throw memoryError('not_found', place)
  }
  if (place.path === rootPath) throw memoryError('invalid_argument', place, 'The root cannot be deleted; delete what is in it.')
  checkConditions(node, { ifMatch: options.ifMatch }, place)
  if (node.kind === 'directory' && node.entries.size > 0 && options.recursive !== true) throw memoryError('not_empty', place)
  bury(state, removeEntry(state, place.path), baseName(place.path), node)
  recordChange(state, { type: 'deleted', path: place.path, kind: node.kind })
}
