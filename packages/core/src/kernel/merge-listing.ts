import type { Entry, ListOptions } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
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
  for await (const { key, entry, mountPoint } of merge(own(context, node, { ...options, startAfter }), needed(node, options.recursive === true))) {
    if (isPast(key, startAfter)) {
      yield entry
      if (++count >= limit) return
    }
    if (mountPoint === undefined || options.recursive !== true || options.crossMounts !== true || !mayHoldMore(key, startAfter)) continue
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

/** Two ordered sources as one; of two entries with one key the first source's is shown. */
async function* merge(first: AsyncGenerator<Keyed>, second: Iterable<Keyed>): AsyncGenerator<Keyed> {
  const rest = second[Symbol.iterator]()
  let waiting = rest.next()
  for await (const item of first) {
    while (waiting.done !== true && compareUtf8(waiting.value.key, item.key) < 0) {
      yield waiting.value
      waiting = rest.next()
    }
    if (waiting.done === true || waiting.value.key !== item.key) yield item
    else {
      yield { ...item, mountPoint: waiting.value.mountPoint }
      waiting = rest.next()
    }
  }
  for (; waiting.done !== true; waiting = rest.next()) yield waiting.value
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

function isPast(key: string, startAfter: string): boolean {
  return compareUtf8(key, startAfter) > 0
}

function mayHoldMore(key: string, startAfter: string): boolean {
  return isPast(key, startAfter) || startAfter.startsWith(key)
}

function keyOf(listed: Path, { path, kind }: Entry): string {
  const relative = listed === '/' ? path.slice(1) : isWithin(path, listed) ? path.slice(listed.length + 1) : path
  return kind === 'directory' ? `${relative}/` : relative
}

function checkLimit(path: Path, limit = Infinity): number {
  if (limit === Infinity || (Number.isSafeInteger(limit) && limit >= 0)) return limit
  throw new NexusError('invalid_argument', { op: 'list', path, backend: 'nexus', reason: 'A limit is a whole number from 0 on.' })
}
