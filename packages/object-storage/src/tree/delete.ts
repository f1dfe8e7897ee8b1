import { type CallOptions, type DeleteOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectInfo, ObjectStore } from '../object-store.ts'
import { afterChange } from './after-change.ts'
import { checkVariants } from './capabilities.ts'
import type { TreeContext } from './context.ts'
import { isMarker, toPrefix } from './keys.ts'
import { above } from './known-directories.ts'
import { findFile, holdsAny } from './look-up.ts'
import type { Search } from './nested.ts'

/** Removes a file, an empty directory, or (`recursive`) a directory with all below it, a page a request. */
export async function deletePath(context: TreeContext, path: Path, options: DeleteOptions): Promise<void> {
  checkVariants(context.capabilities, options)
  if (path === '/') throw new NexusError('invalid_argument', { reason: 'The root cannot be deleted; delete what is in it.' })
  const file = await findFile(context.store, path, options)
  if (file !== undefined && options.recursive !== true) {
    await removeFile(context, file, options)
    return keepOuter(context, path, options)
  }
  const below = await lookThrough(context, path, file === undefined ? options : { ...options, ifMatch: undefined })
  if (file !== undefined) await removeFile(context, file, options)
  const isRemoved = await removeFound(context, below, { isBegun: file !== undefined, signal: options.signal })
  if (!isRemoved && file === undefined) {
    if (options.force === true) return
    throw new NexusError('not_found')
  }
  await keepOuter(context, path, options)
}

async function keepOuter(context: TreeContext, path: Path, { signal }: CallOptions): Promise<void> {
  try {
    await keepDirectory(context, above(toPrefix(path)), { signal })
  } catch (error) {
    throw afterChange(error, 'It is deleted; whether the directory that it was in stays when it is empty is not settled', { signal })
  }
}

/**
 * Makes the marker of a directory whose last object went: it stays when it is empty. Looked at afterwards, so that it stays also when two delete its last
 * two objects at the same time.
 */
export async function keepDirectory({ store, known }: TreeContext, prefix: string, { signal }: CallOptions): Promise<void> {
  try {
    if (prefix === '' || (await holdsAny(store, prefix, { signal }))) return
    await store.put(prefix, new Uint8Array(0), { signal })
  } catch (error) {
    // It may be gone, and something else may come in its place.
    known.clear()
    throw error
  }
}

/** Removes one object; under a condition where one is asked for. */
export async function removeFile({ store }: TreeContext, { key, etag }: Pick<ObjectInfo, 'key' | 'etag'>, { ifMatch, signal }: DeleteOptions): Promise<void> {
  if (ifMatch === undefined) return store.delete([key], { signal })
  if (etag !== ifMatch) throw new NexusError('precondition_failed')
  if (store.deleteMatching === undefined) throw new NexusError('unsupported', { reason: 'The service does not delete under a condition.' })
  return store.deleteMatching(key, ifMatch, { signal })
}

/** What a look found below a directory. */
interface Found {
  readonly prefix: string
  /** Keys, a page each; of a directory with more, the first. */
  readonly pages: readonly (readonly string[])[]
  /** Where the rest begins that is not held in memory. */
  readonly restAfter: string | undefined
}

/** Keys of so many objects are held between the look and the deletion; what is beyond is listed twice. */
const maxHeldKeys = 100_000

/** Looks at all that would be deleted, before anything is. @throws NexusError `not_empty`, `precondition_failed`, `unsupported` for a repository */
async function lookThrough({ store, nested }: TreeContext, path: Path, { recursive, ifMatch, signal }: DeleteOptions): Promise<Found> {
  const prefix = toPrefix(path)
  const search = nested.startSearch(prefix, { signal })
  const pages: string[][] = []
  let held = 0
  let restAfter: string | undefined
  for await (const { objects } of store.list({ prefix, signal, ...(recursive === true ? {} : { pageSize: 2 }) })) {
    const [first] = objects
    if (first === undefined) continue
    if (ifMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'A directory has no etag that ifMatch could ask for.' })
    // Of a directory that is not empty anyway only its own kind counts.
    await refuseRepositories(search, objects, { path, prefix: recursive === true ? '' : prefix })
    if (recursive !== true && (objects.length > 1 || first.key !== prefix || !isMarker(first))) throw new NexusError('not_empty')
    if (held >= maxHeldKeys) {
      restAfter ??= pages.at(-1)?.at(-1)
      continue
    }
    pages.push(objects.map(({ key }) => key))
    held += objects.length
  }
  return { prefix, pages, restAfter }
}

/** @param isBegun Whether something of it is deleted already. @returns Whether there was anything. */
async function removeFound({ store, known }: TreeContext, found: Found, { isBegun, signal }: CallOptions & { readonly isBegun: boolean }): Promise<boolean> {
  let isPartial = isBegun
  try {
    for await (const keys of allKeys(store, found, { signal })) {
      await store.delete(keys, { signal })
      isPartial = true
    }
  } catch (error) {
    throw isPartial ? afterChange(error, 'Part of it is deleted; the rest is not', { signal }) : error
  } finally {
    known.clear()
  }
  return found.pages.length > 0
}

async function* allKeys(store: ObjectStore, { prefix, pages, restAfter }: Found, { signal }: CallOptions): AsyncGenerator<readonly string[]> {
  yield* pages
  if (restAfter === undefined) return
  for await (const { objects } of store.list({ prefix, startAfter: restAfter, signal })) yield objects.map(({ key }) => key)
}

/** @param prefix The only one that is refused, or the empty one for all. @throws NexusError `unsupported` */
async function refuseRepositories(search: Search, objects: readonly ObjectInfo[], { path, prefix }: { readonly path: Path; readonly prefix: string }): Promise<void> {
  for (const { key } of objects) {
    const found = await search(key)
    if (found === undefined || (prefix !== '' && found !== prefix)) continue
    throw new NexusError('unsupported', { path, reason: `"/${found.slice(0, -1)}" is a Nexus repository, which is not deleted as files; nothing was deleted.` })
  }
}
