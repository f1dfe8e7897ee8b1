import { type CallOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectStore } from '../object-store.ts'
import type { TreeContext } from './context.ts'
import { isMarker, toKey } from './keys.ts'
import { above, type KnownDirectory } from './known-directories.ts'
import { holdsAny } from './look-up.ts'
import { insideRepository, isPartName } from './nested.ts'

/**
 * Whether a file may be put at a path. The store itself would keep a file beside a directory of the same name, so this is a look before: no request where
 * the directory was seen a short time ago, else one or two; one more where the directory shows what a repository consists of.
 * @throws NexusError `is_directory`; `not_directory` below a file; `unsupported` inside a repository; with `ifNoneMatch` `precondition_failed` for a directory
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

async function lookAt(context: TreeContext, parent: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<KnownDirectory> {
  const seen = await firstPage(context.store, parent, { signal })
  if (seen === undefined) {
    // Only an absent directory can lie below a file without holding anything. What is not there is not remembered either.
    await refuseAbsentParent(context, parent, { path, signal })
    return { below: new Set(), isComplete: true }
  }
  if (seen.mayBeRepository && (await context.nested.isAt(parent, { signal }))) throw insideRepository(parent, path)
  context.known.remember(parent, seen)
  return seen
}

/** What the first page tells; `undefined` when nothing is there. A second page is only asked for to learn that there is one. */
async function firstPage(store: ObjectStore, prefix: string, { signal }: CallOptions): Promise<(KnownDirectory & { readonly mayBeRepository: boolean }) | undefined> {
  const below = new Set<string>()
  let isThere = false
  let mayBeRepository = false
  for await (const { objects, prefixes } of store.list({ prefix, delimiter: '/', signal })) {
    if (isThere) return { below, isComplete: false, mayBeRepository }
    for (const name of prefixes) below.add(name)
    isThere = objects.length + prefixes.length > 0
    mayBeRepository = showsParts(prefix, [...objects.map(({ key }) => key), ...prefixes])
  }
  return isThere || prefix === '' ? { below, isComplete: true, mayBeRepository } : undefined
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
 * Refuses to make a directory that is absent where none can be: one request for each name in the prefix, and another one for those that were not seen lately.
 * @param prefix Of the directory.
 * @throws NexusError `not_directory` when one of the names in it is a file, `unsupported` when one is a repository
 */
export async function refuseAbsentParent({ store, nested, known }: TreeContext, prefix: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<void> {
  const parents = prefixesTo(above(prefix)).filter((at) => known.find(at) === undefined)
  const [found] = await Promise.all([Promise.all(parents.map((at) => nested.isAt(at, { signal }))), refuseBelowFile(store, prefix, { path, signal })])
  const repository = parents.findLast((_, index) => found[index])
  if (repository !== undefined) throw insideRepository(repository, path)
}

async function refuseBelowFile(store: ObjectStore, prefix: string, { path, signal }: CallOptions & { readonly path: Path }): Promise<void> {
  const keys = prefixesTo(prefix).map((at) => at.slice(0, -1))
  const found = await Promise.all(keys.filter((key) => key !== '').map((key) => store.head(key, { signal })))
  const file = found.find((info) => info !== undefined && !isMarker(info))
  if (file !== undefined) throw new NexusError('not_directory', { path, reason: `One of its parents is a file: ${file.key}.` })
}

/** Of a directory and those above it, the root not; the innermost first. */
function prefixesTo(prefix: string): string[] {
  const prefixes: string[] = []
  for (let at = prefix; at !== ''; at = above(at)) prefixes.push(at)
  return prefixes
}
