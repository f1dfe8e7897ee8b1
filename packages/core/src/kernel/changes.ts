import type { Backend, Change, ChangesOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type Path, underPath } from '../contract/paths.ts'
import { iterate } from './iterate.ts'
import { mergeFeeds } from './merge-feeds.ts'
import type { MountNode } from './mount-table.ts'
import type { Mounted } from './mounted.ts'
import { capabilitiesOf, findNode, type KernelContext, type Place, placeAt, refuseUnsupported, requireVerb } from './place.ts'

/** What happens in one mount; at a directory above mounts, in all of them, with a cursor that holds one of each. */
export async function* changes(context: KernelContext, path: Path, options?: ChangesOptions): AsyncGenerator<Change> {
  const call = { op: 'changes', path }
  const node = findNode(context, call, options)
  if (node.winner !== undefined || node.reachable === 0 || node.path !== path) yield* changesAt(placeAt(node, call), options)
  else yield* changesBelow(node, options)
}

/** The feeds of all mounts below. A mount that has told nothing before a cursor was taken is watched anew from then on. */
async function* changesBelow(node: MountNode<Mounted>, options: ChangesOptions | undefined): AsyncGenerator<Change> {
  const cursors = new Map(Object.entries(parseCursors(node.path, options?.since)))
  const places = [...mountNodes(node)].map((below) => placeAt(below, { op: 'changes', path: below.path }))
  let waiting = places.length
  const onBegin = (): void => {
    if (--waiting === 0) options?.onBegin?.()
  }
  const feeds = places.map((place) => ({
    name: place.path,
    open: (signal: AbortSignal) => changesAt(place, { recursive: options?.recursive, since: cursors.get(place.path), onBegin, signal }),
  }))
  for await (const { name, item } of mergeFeeds(feeds, options?.signal)) {
    cursors.set(name, item.cursor)
    yield { ...item, cursor: JSON.stringify(Object.fromEntries(cursors)) }
  }
}

async function* changesAt(place: Place, options: ChangesOptions | undefined): AsyncGenerator<Change> {
  const { mount } = place
  if (options?.since !== undefined && capabilitiesOf(place).changes === 'live')
    refuseUnsupported(place, 'go on from a cursor; watch without one, and list first')
  requireVerb(place, 'changes', 'tell what changes')
  const run = (_backend: Backend, inner: Path, given: ChangesOptions): AsyncIterable<Change> => place.mount.backend.changes(inner, given)
  // An unmount waits for nobody who watches: it ends the feed.
  const signal = options?.signal === undefined ? mount.feedSignal : AbortSignal.any([options.signal, mount.feedSignal])
  for await (const change of iterate({ place, options: { ...options, signal }, run })) {
    yield change.from === undefined ? change : { ...change, from: underPath(mount.mountPoint, change.from) }
  }
}

function* mountNodes(node: MountNode<Mounted>): Generator<MountNode<Mounted>> {
  for (const child of node.children.values()) {
    if (child.mount?.hidden === true) continue
    if (child.mount !== undefined && child.mount === child.winner) yield child
    else yield* mountNodes(child)
  }
}

function parseCursors(path: Path, since: string | undefined): Record<string, string> {
  if (since === undefined) return {}
  const refuse = (cause?: unknown): never => {
    throw new NexusError('invalid_argument', {
      op: 'changes',
      path,
      backend: 'nexus',
      reason: 'The cursor is not one of this directory; list again and watch from now on.',
      cause,
    })
  }
  try {
    const parsed: unknown = JSON.parse(since)
    if (typeof parsed !== 'object' || parsed === null || !Object.values(parsed).every((value) => typeof value === 'string')) return refuse()
    return parsed as Record<string, string>
  } catch (error) {
    return error instanceof NexusError ? refuse() : refuse(error)
  }
}
