import { type CallOptions, type FileStat, type MoveOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import { afterChange } from './after-change.ts'
import { isOpenDirectory, refuseAbsent } from './check-target.ts'
import type { TreeContext } from './context.ts'
import { checkDirectoryTarget } from './copy.ts'
import { keepDirectory } from './delete.ts'
import { toPrefix } from './keys.ts'
import { above } from './known-directories.ts'
import { removeUnchanged } from './rename.ts'
import { directoryStat } from './stat.ts'

/** Copies or deletes at once. */
const concurrency = 16

/**
 * Moves a directory object by object inside the service: everything is copied first, then each source is deleted as it was copied. What somebody adds
 * meanwhile stays behind. Keys and etags of what moves are held in memory.
 */
export async function renameDirectory(context: TreeContext, from: Path, options: MoveOptions & { readonly to: Path }): Promise<FileStat> {
  const { to, signal, allowNonAtomic } = options
  await checkDirectoryTarget(context, from, options)
  const parent = above(toPrefix(to))
  if (!(await isOpenDirectory(context, parent, { path: to, signal }))) await refuseAbsent(context, parent, { path: to, signal })
  if (allowNonAtomic !== true) throw new NexusError('unsupported', { reason: 'A directory of objects is not renamed in one step; pass allowNonAtomic: true to move it object by object.' })
  const sources = await findSources(context, from, { signal })
  const moved: ObjectInfo[] = []
  try {
    await copyAll(context, sources, { from: toPrefix(from), to: toPrefix(to), moved, signal })
    await eachOf(moved, (source) => removeUnchanged(context, source, { signal }))
    await keepDirectory(context, above(toPrefix(from)), { signal })
    return directoryStat(to)
  } catch (error) {
    throw moved.length === 0 ? error : afterChange(error, `${moved.length} of its ${sources.length} objects are copied to ${to}; which still stand under their old names too is not settled`, { signal })
  } finally {
    context.known.clear()
  }
}

/** All of them before the first is copied: half a repository is none. */
async function findSources({ store, nested }: TreeContext, from: Path, { signal }: CallOptions): Promise<ObjectInfo[]> {
  const prefix = toPrefix(from)
  const search = nested.startSearch(prefix, { signal })
  const sources: ObjectInfo[] = []
  for await (const { objects } of store.list({ prefix, signal })) {
    for (const { key } of objects) {
      const repository = await search(key)
      if (repository !== undefined) throw new NexusError('unsupported', { path: from, reason: `"/${repository.slice(0, -1)}" is a Nexus repository, which Nexus does not move as files.` })
    }
    sources.push(...objects)
  }
  return sources
}

interface CopyAllOptions extends CallOptions {
  readonly from: string
  readonly to: string
  /** Takes the sources, as they were copied. */
  readonly moved: ObjectInfo[]
}

async function copyAll({ store }: TreeContext, sources: readonly ObjectInfo[], { from, to, moved, signal }: CopyAllOptions): Promise<void> {
  await eachOf(sources, async (source) => {
    const target = to + source.key.slice(from.length)
    const copied = await store.copy(source.key, target, { ifSourceMatch: source.etag, signal })
    if (copied !== undefined) moved.push(source)
  })
}

/** Runs the work for each, several at once; after a failure nothing more is begun, and what is under way ends before it is told. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  // Unlike an array's iterator, a generator is closed for all workers by the one that leaves its loop.
  const rest = each(items)
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  const workers = Array.from({ length: concurrency }, worker)
  await Promise.allSettled(workers)
  await Promise.all(workers)
}

function* each<T>(items: readonly T[]): Generator<T> {
  yield* items
}
