import type { Entry, ListOptions } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { compareShown, holdsEscaped } from '../contract/escaped-names.ts'
import { compareUtf8, isWithin, type Path } from '../contract/paths.ts'
import { type KernelListOptions, listAt } from './list-at.ts'
import { isExact, type MountNode } from './mount-table.ts'
import type { Mounted } from './mounted.ts'
import { isAboveMounts, type KernelContext, placeAt } from './place.ts'
import { stat } from './stat.ts'

/** An entry with what it is ordered by: its path below the listed directory, a directory's with `/` at its end. */
interface Keyed {
  readonly key: string
  readonly entry: Entry
  /** The mount point that the entry stands for. */
  readonly mountPoint?: Path | undefined
}

/** An entry in its place in the listing. */
interface Placed extends Keyed {
  /** Whether it is behind what the listing is resumed after, and not only some of what is in it. */
  readonly isPast: boolean
}

/** What is listed, and how to list what lies inside a mount below. */
interface MergedListing {
  readonly node: MountNode<Mounted>
  readonly options: KernelListOptions | undefined
  readonly list: (context: KernelContext, path: Path, options: KernelListOptions) => AsyncIterable<Entry>
}

/** Lists a directory that has mount points below it: what its own mount keeps and what the mounts need, in one order, hidden names left out. */
export async function* mergedList(context: KernelContext, { node, options = {}, list }: MergedListing): AsyncGenerator<Entry> {
  const limit = checkLimit(node.path, options.limit)
  const startAfter = await resumeKey(context, node.path, options)
  let count = 0
  if (limit === 0) return
  const merging: Merging = {
    own: (after) => own(context, node, { ...options, startAfter: after }),
    needed: needed(node, options.recursive === true),
    startAfter,
  }
  for await (const { key, entry, mountPoint, isPast } of merge(merging)) {
    if (isPast) {
      yield entry
      if (++count >= limit) return
    }
    if (mountPoint === undefined || options.recursive !== true || options.crossMounts !== true || !(isPast || startAfter.startsWith(key))) continue
    const below = {
      ...options,
      limit: limit - count === Infinity ? undefined : limit - count,
      startAfter: startAfter.startsWith(key) ? startAfter.slice(key.length) : undefined,
    }
    for await (const inside of list(context, mountPoint, below)) {
      yield inside
      if (++count >= limit) return
    }
  }
}

/** What the directory's own mount keeps there, without what lies under another mount; nothing where it keeps no such directory. */
async function* own(context: KernelContext, node: MountNode<Mounted>, options: KernelListOptions): AsyncGenerator<Keyed> {
  if (node.winner === undefined) return
  const given: ListOptions = {
    recursive: options.recursive,
    startAfter: options.startAfter === '' ? undefined : options.startAfter,
    fresh: options.fresh,
    signal: options.signal,
  }
  try {
    for await (const entry of listAt(placeAt(node, { op: 'list', path: node.path }), given)) {
      if (isHidden(context, node, entry)) continue
      yield { key: keyOf(node.path, entry), entry }
    }
  } catch (error) {
    const isNotKept = isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')
    if (!isNotKept || !isAboveMounts(node, node.path)) throw error
  }
}

/** Whether another mount answers at the entry's path, or mounts make it a directory although it is a file. */
function isHidden({ table }: KernelContext, listed: MountNode<Mounted>, entry: Entry): boolean {
  const node = table.find(entry.path)
  if (node.winner !== listed.winner) return true
  return entry.kind === 'file' && isExact(node, entry.path) && node.reachable > 0
}

/** The directories that the mounts below need, down to the first mount point on each way, in order. */
function* needed(node: MountNode<Mounted>, recursive: boolean, prefix = ''): Generator<Keyed> {
  const children = [...node.children.values()].filter(({ reachable, mount }) => reachable > 0 && mount?.hidden !== true)
  const keyed = children.map((child) => ({ key: `${prefix}${child.name}/`, child }))
  for (const { key, child } of keyed.sort((left, right) => compareUtf8(left.key, right.key))) {
    const isMountPoint = child.mount !== undefined && child.mount === child.winner
    yield { key, entry: { name: child.name, path: child.path, kind: 'directory' }, mountPoint: isMountPoint ? child.path : undefined }
    if (recursive && !isMountPoint) yield* needed(child, recursive, key)
  }
}

/** The two sources of a merged listing. */
interface Merging {
  /** What the directory's own mount keeps behind a key, in its order. */
  readonly own: (startAfter: string) => AsyncGenerator<Keyed>
  readonly needed: Iterable<Keyed>
  readonly startAfter: string
}

/** Both sources as one; of two entries with one key the first source's is shown. */
async function* merge(merging: Merging): AsyncGenerator<Placed> {
  const { needed, own, startAfter } = merging
  // Those that are shown escaped may stand anywhere among the storage's own; the others stand in order.
  const [escaped, inOrder] = [new Map<string, Keyed>(), new Map<string, Keyed>()]
  const pendingLike = (key: string): Map<string, Keyed> => (holdsEscaped(key) ? escaped : inOrder)
  for (const directory of needed) pendingLike(directory.key).set(directory.key, directory)
  const placeOf = createPlacing(merging, pendingLike(startAfter).has(startAfter))
  const takePassed = async (pending: Map<string, Keyed>, next?: Keyed): Promise<Placed[]> => {
    const passed: Placed[] = []
    for (const directory of pending.values()) {
      const place = directory.key === next?.key ? 'later' : await placeOf(directory.key, next?.key)
      if (place === 'later' && pending === inOrder) break
      if (place === 'later') continue
      pending.delete(directory.key)
      passed.push({ ...directory, isPast: place === 'here' })
    }
    return passed
  }
  const takeAll = async (next?: Keyed): Promise<Placed[]> => {
    const passed = [...(await takePassed(escaped, next)), ...(await takePassed(inOrder, next))]
    return passed.sort((left, right) => compareUtf8(left.key, right.key))
  }
  for await (const item of own(startAfter)) {
    yield* await takeAll(item)
    const pending = pendingLike(item.key)
    yield { ...item, mountPoint: pending.get(item.key)?.mountPoint, isPast: true }
    pending.delete(item.key)
  }
  yield* await takeAll()
}

/** Where a directory that mounts need stands: right before the next item of the storage, behind it, or before what the listing is resumed after (or around that). */
type Placing = 'here' | 'later' | 'before'

/**
 * Puts directories that mounts need among what a storage keeps in the storage's own order, so that a listing can be resumed after any of them. Where that
 * order cannot be told from what is shown, the storage is asked what comes behind the directory's name.
 * @param isNeeded Whether the key that the listing is resumed after is such a directory's itself.
 */
function createPlacing({ own, startAfter }: Merging, isNeeded: boolean): (key: string, next?: string) => Promise<Placing> {
  const asked = new Map<string, Promise<string | undefined>>()
  const behind = (key: string): Promise<string | undefined> => {
    const answer = asked.get(key) ?? firstKey(own(key))
    asked.set(key, answer)
    return answer
  }
  const isBehindStart = async (key: string): Promise<boolean> => {
    // With nothing of the storage between the two, their names alone decide.
    return !isNeeded || (await behind(key)) !== (await behind(startAfter)) || compareUtf8(key, startAfter) > 0
  }
  return async (key, next) => {
    const fromStart = compareShown(key, startAfter)
    const fromNext = next === undefined ? -1 : compareShown(key, next)
    if (fromStart !== undefined && fromStart <= 0) return 'before'
    if (fromStart !== undefined && fromNext !== undefined) return fromNext < 0 ? 'here' : 'later'
    if ((await behind(key)) === next) return fromStart !== undefined || (await isBehindStart(key)) ? 'here' : 'before'
    return fromNext !== undefined && fromNext < 0 ? 'before' : 'later'
  }
}

async function firstKey(items: AsyncGenerator<Keyed>): Promise<string | undefined> {
  for await (const { key } of items) return key
  return undefined
}

/** The key to resume after: a directory may be named without its slash. */
async function resumeKey(context: KernelContext, path: Path, { startAfter = '', signal }: ListOptions): Promise<string> {
  if (startAfter === '' || startAfter.endsWith('/')) return startAfter
  const target = (path === '/' ? `/${startAfter}` : `${path}/${startAfter}`) as Path
  try {
    return (await stat(context, target, { signal })).kind === 'directory' ? `${startAfter}/` : startAfter
  } catch (error) {
    if (
      isNexusError(error, 'not_found') ||
      isNexusError(error, 'not_directory') ||
      isNexusError(error, 'mount_not_found') ||
      isNexusError(error, 'invalid_path')
    )
      return startAfter
    throw error
  }
}

function keyOf(listed: Path, { path, kind }: Entry): string {
  const relative = listed === '/' ? path.slice(1) : isWithin(path, listed) ? path.slice(listed.length + 1) : path
  return kind === 'directory' ? `${relative}/` : relative
}

function checkLimit(path: Path, limit = Infinity): number {
  if (limit === Infinity || (Number.isSafeInteger(limit) && limit >= 0)) return limit
  throw new NexusError('invalid_argument', { op: 'list', path, backend: 'nexus', reason: 'A limit is a whole number from 0 on.' })
}
