import { type CallOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectStore } from '../object-store.ts'
import type { TreeContext } from './context.ts'
import { isMarker, toKey } from './keys.ts'
import { above, type KnownDirectory, nothing } from './known-directories.ts'
import { holdsAny } from './look-up.ts'
import { insideRepository, isPartName } from './nested.ts'

/**
 * Whether a file may be put at a path. The store itself would keep a file beside a directory of the same name, so this is a look before: no request where
 * the directory, or one above it in which it is new, was seen a short time ago; else one for it, and while it is absent one for the next above it. One
 * more where a directory shows what a repository consists of.
 * @throws NexusError `is_directory`; `not_directory` below a file; `unsupported` inside a repository; with `ifNoneMatch` `precondition_failed` for a directory
 */
export async function checkTarget(context: TreeContext, path: Path, options: CallOptions & { readonly ifNoneMatch?: '*' | undefined }): Promise<void> {
  const key = toKey(path)
  if (key === '' || (await standsDirectory(context, key, { path, signal: options.signal }))) {
    throw new NexusError(options.ifNoneMatch === undefined ? 'is_directory' : 'precondition_failed', { path, reason: 'A directory stands there; name a file inside it.' })
  }
}

async function standsDirectory(context: TreeContext, key: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<boolean> {
  const known = await know(context, above(`${key}/`), { path, signal })
  if (known.isComplete && !known.below.has(`${key}/`)) return false
  // Somebody else may have removed it since: what refuses a write is asked for now.
  return holdsAny(context.store, `${key}/`, { signal })
}

/** A directory, or what is to be one. @throws NexusError `not_directory` where it cannot be one, `unsupported` in a repository */
async function know(context: TreeContext, prefix: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<KnownDirectory> {
  const { known, store, nested } = context
  const found =
    known.find(prefix) ??
    (await known.look(prefix, async () => {
      const seen = await firstPage(store, prefix, { signal })
      if (seen?.mayBeRepository === true && (await nested.isAt(prefix, { signal }))) throw insideRepository(prefix, path)
      return seen
    }))
  if (found !== undefined) return found
  // Only an absent directory can lie below a file without holding anything. What is not there is not remembered either, but what is above it.
  await refuseAbsent(context, prefix, { path, signal })
  return nothing
}

/** What the first page tells; `undefined` when nothing is there. A second page is only asked for to learn that there is one. */
async function firstPage(store: ObjectStore, prefix: string, { signal }: CallOptions): Promise<(KnownDirectory & { readonly mayBeRepository: boolean }) | undefined> {
  const [below, files] = [new Set<string>(), new Set<string>()]
  let isThere = false
  let mayBeRepository = false
  for await (const { objects, prefixes } of store.list({ prefix, delimiter: '/', signal })) {
    if (isThere) return { below, files, isComplete: false, mayBeRepository }
    for (const name of prefixes) below.add(name)
    for (const object of objects) if (!isMarker(object)) files.add(object.key)
    isThere = objects.length + prefixes.length > 0
    mayBeRepository = showsParts(prefix, [...objects.map(({ key }) => key), ...prefixes])
  }
  return isThere || prefix === '' ? { below, files, isComplete: true, mayBeRepository } : undefined
}

/** @param keys Of what is in the directory. */
function showsParts(prefix: string, keys: readonly string[]): boolean {
  return keys.some((key) => isPartName(key.slice(prefix.length)))
}

/** Whether a directory is there, to make another one in. One request, one more where it shows what a repository consists of. @throws NexusError `unsupported` for a repository */
export async function isOpenDirectory({ store, nested }: TreeContext, prefix: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<boolean> {
  if (prefix === '') return true
  for await (const { objects, prefixes } of store.list({ prefix, delimiter: '/', pageSize: 20, signal })) {
    if (objects.length + prefixes.length === 0) continue
    const mayBeRepository = showsParts(prefix, [...objects.map(({ key }) => key), ...prefixes])
    if (mayBeRepository && (await nested.isAt(prefix, { signal }))) throw insideRepository(prefix, path)
    return true
  }
  return false
}

/**
 * Refuses to make a directory that is absent where none can be.
 * @param prefix Of the directory.
 * @throws NexusError `not_directory` when one of the names in it is a file, `unsupported` when one is a repository
 */
export async function refuseAbsent(context: TreeContext, prefix: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<void> {
  const parent = above(prefix)
  const { isComplete, files } = await know(context, parent, { path, signal })
  if (!isComplete && (await context.nested.isAt(parent, { signal }))) throw insideRepository(parent, path)
  if (!isComplete || files.has(prefix.slice(0, -1))) await refuseFile(context.store, prefix, { path, signal })
}

/** @throws NexusError `not_directory` where a file has the directory's name */
async function refuseFile(store: ObjectStore, prefix: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<void> {
  const key = prefix.slice(0, -1)
  const file = key === '' ? undefined : await store.head(key, { signal })
  if (file !== undefined && !isMarker(file)) throw new NexusError('not_directory', { path, reason: `One of its parents is a file: ${file.key}.` })
}
