import type { Entry } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { checkVariants } from './check-options.ts'
import { deferIteration } from './defer-iteration.ts'
import { type KernelListOptions, listAt } from './list-at.ts'
import { mergedList } from './merge-listing.ts'
import { isExact, type MountNode } from './mount-table.ts'
import type { Mounted } from './mounted.ts'
import { findNode, isAboveMounts, type KernelContext, placeAt } from './place.ts'

/** Lists one mount, merged in order with the directories that the mounts below need. */
export function list(context: KernelContext, path: Path, options?: KernelListOptions): AsyncIterable<Entry> {
  return deferIteration(() => startList(context, path, options))
}

function startList(context: KernelContext, path: Path, options: KernelListOptions | undefined): AsyncIterable<Entry> {
  const call = { op: 'list', path }
  const node = findNode(context, call, options)
  if (options?.snapshot === undefined && hasNodesBelow(context, node, path)) return mergedList(context, { node, options, list })
  const place = placeAt(node, call)
  if (options !== undefined) checkVariants(place, options)
  return listAt(place, options)
}

function hasNodesBelow(context: KernelContext, node: MountNode<Mounted>, path: Path): boolean {
  return isExact(node, path) && (node.children.size > 0 || isAboveMounts(node, path) || (node === context.table.root && node.winner === undefined))
}
