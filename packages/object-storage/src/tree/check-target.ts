import { type CallOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectStore } from '../object-store.ts'
import type { TreeContext } from './context.ts'
import { isMarker, toKey } from './keys.ts'
import { above, type KnownDirectory } from './known-directories.ts'
import { holdsAny } from './look-up.ts'

/**
 * Whether a file may be put at a path. The store itself would keep a file beside a directory of the same name, so this is a look before: no request where
 * the directory was seen a short time ago, else one or two.
 * @throws NexusError `is_directory`; `not_directory` below a file; with `ifNoneMatch` `precondition_failed` for a directory
 */
export async function checkTarget(context: TreeContext, path: Path, options: CallOptions & { readonly ifNoneMatch?: '*' | undefined }): Promise<void> {
  const key = toKey(path)
  if (key === '' || (await standsDirectory(context, key, { path, signal: options.signal }))) {
    throw new NexusError(options.ifNoneMatch === undefined ? 'is_directory' : 'precondition_failed', { path, reason: 'A directory stands there; name a file inside it.' })
  }
}

async function standsDirectory(context: TreeContext, key: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<boolean> {
  const parent = above(`${key}/`)
  const known = context.known.find(parent) ?? (await lookAt(context, parent, { path, signal }))
  if (known.isComplete && !known.below.has(`${key}/`)) return false
  // Somebody else may have removed it since: what refuses a write is asked for now.
  return holdsAny(context.store, `${key}/`, { signal })
}

async function lookAt({ store, known }: TreeContext, parent: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<KnownDirectory> {
  const seen = await firstPage(store, parent, { signal })
  if (seen === undefined) {
    // Only an absent directory can lie below a file without holding anything. What is not there is not remembered either.
    await refuseBelowFile(store, parent, { path, signal })
    return { below: new Set(), isComplete: true }
  }
  known.remember(parent, seen)
  return seen
}

/** What the first page tells; `undefined` when nothing is there. A second page is only asked for to learn that there is one. */
async function firstPage(store: ObjectStore, prefix: string, { signal }: CallOptions): Promise<KnownDirectory | undefined> {
  const below = new Set<string>()
  let isThere = false
  for await (const { objects, prefixes } of store.list({ prefix, delimiter: '/', signal })) {
    if (isThere) return { below, isComplete: false }
    for (const name of prefixes) below.add(name)
    isThere = objects.length + prefixes.length > 0
  }
  return isThere || prefix === '' ? { below, isComplete: true } : undefined
}

/** @param prefix Of a directory. @throws NexusError `not_directory` when one of the names in it is a file */
export async function refuseBelowFile(store: ObjectStore, prefix: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<void> {
  const keys: string[] = []
  for (let at = prefix; at !== ''; at = above(at)) keys.push(at.slice(0, -1))
  const found = await Promise.all(keys.filter((key) => key !== '').map((key) => store.head(key, { signal })))
  const file = found.find((info) => info !== undefined && !isMarker(info))
  if (file !== undefined) throw new NexusError('not_directory', { path, reason: `One of its parents is a file: ${file.key}.` })
}
