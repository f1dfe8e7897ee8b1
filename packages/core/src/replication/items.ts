import type { Backend, CallOptions, Entry } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { baseName, type Path, relativePath, underPath } from '../contract/paths.ts'
import { crossesBorder, hasMountBelow } from '../facade/mount-borders.ts'
import { walk, type Wanted } from '../facade/walk.ts'
import { escapedLast } from './escaped-last.ts'
import type { SyncFilter } from './filter.ts'

/** Something at the source or the target. */
export interface Item {
  /** Path below the synced directory, by which both sides are ordered (`compareEscapedLast`): a directory's ends in `/`. */
  readonly key: string
  readonly entry: Entry
  /** Whether it takes part: the filter lets it, and it belongs to a mount that does. */
  readonly isTaken: boolean
  /** Of a directory: whether nothing at all is in it. */
  readonly isEmpty: boolean
}

/** One side of a sync, or a part of it. */
export interface Side extends CallOptions {
  readonly backend: Backend
  /** The synced directory. */
  readonly root: Path
  /** The part that is looked at, seen from there: `/` for all of it. */
  readonly part: Path
  readonly filter: SyncFilter
  /** Whether what other mounts hold below takes part. */
  readonly crossMounts: boolean
  /** Whether mounts below are looked into although they take no part: what stands there is in the way, or the same. */
  readonly looksIntoMounts: boolean
}

/** Everything on one side in the order of keys; nothing when the part is absent. @throws NexusError `not_found` for an absent root */
export async function* itemsOf(side: Side): AsyncGenerator<Item> {
  let held: Item | undefined
  for await (const item of unsettledItems(side)) {
    if (held !== undefined) yield isAbove(held, item) ? { ...held, isEmpty: false } : held
    held = item
  }
  if (held !== undefined) yield held
}

/** What takes part of {@link itemsOf}: files, and directories that are wanted themselves or hold something that is. */
export async function* takenItems(side: Side): AsyncGenerator<Item> {
  const above: Item[] = []
  for await (const item of itemsOf(side)) {
    while (above.length > 0 && !isAbove(above.at(-1), item)) above.pop()
    if (item.isTaken) yield* [...above.splice(0), item]
    else if (item.entry.kind === 'directory') above.push(item)
  }
}

/** Whether the second lies in the first. */
export function isAbove(directory: Pick<Item, 'key'> | undefined, { key }: Pick<Item, 'key'>): boolean {
  return directory !== undefined && key !== directory.key && directory.key.endsWith('/') && key.startsWith(directory.key)
}

/** Directories are told as empty as long as nothing was seen in them, unless nobody looked. */
async function* unsettledItems(side: Side): AsyncGenerator<Item> {
  const { backend, root, filter, crossMounts } = side
  const hasMounts = hasMountBelow(backend, root)
  const toItem = (entry: Entry): Item => {
    const key = keyOf(side, entry)
    const isBorder = hasMounts && crossesBorder(backend, root, entry.path)
    const isDirectory = entry.kind === 'directory'
    const isTaken = filter.takes(key, entry.kind) && (!isBorder || crossMounts)
    return { key: isDirectory ? `${key}/` : key, entry, isTaken, isEmpty: isDirectory && !isBorder && filter.below(key) !== 'none' }
  }
  const start = await startOf(side)
  if (start === undefined) return
  if (side.part !== '/') yield toItem(start)
  if (start.kind === 'file') return
  const below = (directory: Entry): AsyncGenerator<Entry> => entriesAgain(side, directory)
  for await (const entry of escapedLast({ root: start.path, entries: entriesBelow(side, start), below })) yield toItem(entry)
}

function keyOf({ root }: Side, { path }: Pick<Entry, 'path'>): string {
  return relativePath(path, root).slice(1)
}

/** What may be wanted of what lies below a directory. */
async function* entriesBelow(side: Side, directory: Entry): AsyncGenerator<Entry> {
  const { backend, crossMounts, looksIntoMounts, filter, signal } = side
  const wantedBelow = (entry: Entry): Wanted => filter.below(keyOf(side, entry))
  const wanted = wantedBelow(directory)
  if (wanted !== 'none') yield* walk(backend, directory.path, { op: 'syncTree', signal, fresh: true, crossMounts: crossMounts || looksIntoMounts, wanted, wantedBelow })
}

/** The same of a directory that was come upon before: it may have vanished, and another mount is entered only where all are. */
async function* entriesAgain(side: Side, directory: Entry): AsyncGenerator<Entry> {
  const { backend, root, crossMounts, looksIntoMounts } = side
  if (!crossMounts && !looksIntoMounts && crossesBorder(backend, root, directory.path)) return
  try {
    yield* entriesBelow(side, directory)
  } catch (error) {
    if (!isNexusError(error, 'not_found')) throw error
  }
}

async function startOf({ backend, root, part, signal }: Side): Promise<Entry | undefined> {
  const path = underPath(root, part)
  try {
    const stat = await backend.stat(path, { signal, fresh: true })
    return { ...stat, path, name: baseName(path) }
  } catch (error) {
    if (part !== '/' && (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory'))) return undefined
    throw error
  }
}
