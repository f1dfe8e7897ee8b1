import { type Change, type ChangesOptions, type Entry, isNexusError, isWithin, joinPath, NexusError, parentPath, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { errnoOf } from './errors.ts'
import { list } from './list.ts'
import { stat } from './stat.ts'
import { type TreeWatch, watchTree } from './watch-tree.ts'

/** What was there when a directory was last looked at: the etag of a file, `/` for a directory. */
type Known = Map<Path, string>

interface Feed {
  readonly context: PathContext
  readonly watch: TreeWatch
  /** By directory. */
  readonly known: Map<Path, Known>
  readonly recursive: boolean
  readonly signal: AbortSignal
}

/**
 * What happens at and below a path from now on, without end. The operating system says in which directory; what it was is found by
 * comparing with what was there, so that several changes of one file may be told as one. A rename is told as `deleted` and `created`.
 */
export async function* changes(context: PathContext, path: Path, options: ChangesOptions = {}): AsyncGenerator<Change> {
  if (options.since !== undefined) {
    throw new NexusError('unsupported', { reason: 'A local tree keeps no history of changes; watch it without `since`, and list it to catch up.' })
  }
  const signal = options.signal === undefined ? context.closing : AbortSignal.any([options.signal, context.closing])
  const { kind } = stat(context, path)
  const start = kind === 'directory' ? path : parentPath(path)
  if (start === '/') await context.root.make()
  const watch = watchTree(context, signal)
  const feed = { context, watch, known: new Map<Path, Known>(), recursive: kind === 'directory' && options.recursive !== false, signal }
  try {
    // What is there already is no change.
    for await (const _ of enterDirectory(feed, start)) continue
    options.onBegin?.()
    for (;;) {
      for (const [directory, names] of await watch.next()) {
        for await (const change of compare(feed, directory, names)) {
          if (isWithin(change.path, path)) yield change
        }
      }
      signal.throwIfAborted()
    }
  } finally {
    watch.close()
  }
}

/** Watches a directory (first) and takes in what is there (second), so that nothing is missed between. */
async function* enterDirectory(feed: Feed, directory: Path): AsyncGenerator<Change> {
  feed.watch.add(directory)
  feed.known.set(directory, feed.known.get(directory) ?? new Map<Path, string>())
  yield* compare(feed, directory)
}

async function* compare(feed: Feed, directory: Path, names: ReadonlySet<string> = new Set()): AsyncGenerator<Change> {
  const before = feed.known.get(directory)
  if (before === undefined) return
  const now = await look(feed, directory)
  feed.known.set(directory, now)
  for (const name of names) {
    const path = joinPath(directory, name)
    // It came and went between two looks.
    if (!before.has(path) && !now.has(path)) yield toChange('deleted', path, '')
  }
  for (const [path, state] of before) {
    if (now.get(path) === undefined || (now.get(path) === '/') !== (state === '/')) yield* leave(feed, path, state)
  }
  for (const [path, state] of now) {
    const old = before.get(path)
    if (old === state) continue
    const isNew = old === undefined || (old === '/') !== (state === '/')
    yield toChange(isNew ? 'created' : 'modified', path, state)
    if (state === '/' && feed.recursive) yield* enterUnlessGone(feed, path)
  }
}

async function look({ context, signal }: Feed, directory: Path): Promise<Known> {
  const now: Known = new Map()
  try {
    for await (const entry of list(context, directory, { signal })) now.set(entry.path, toState(entry))
  } catch (error) {
    if (!isGone(error)) throw error
  }
  return now
}

function* leave(feed: Feed, path: Path, state: string): Generator<Change> {
  const below = feed.known.get(path)
  if (below !== undefined) {
    feed.known.delete(path)
    for (const [child, childState] of below) yield* leave(feed, child, childState)
    feed.watch.remove(path)
  }
  yield toChange('deleted', path, state)
}

async function* enterUnlessGone(feed: Feed, path: Path): AsyncGenerator<Change> {
  try {
    yield* enterDirectory(feed, path)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function isGone(error: unknown): boolean {
  return isNexusError(error, 'not_found') || isNexusError(error, 'not_directory') || isNexusError(error, 'unsupported') || errnoOf(error) === 'ENOENT'
}

function toState({ kind, etag }: Entry): string {
  return kind === 'directory' ? '/' : (etag ?? '')
}

function toChange(type: Change['type'], path: Path, state: string): Change {
  const etag = state === '/' || type === 'deleted' ? {} : { etag: state }
  // A live feed cannot be resumed: no cursor is ever taken.
  return { type, path, kind: state === '/' ? 'directory' : 'file', ...etag, cursor: 'live' }
}
