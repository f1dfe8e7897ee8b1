import { type CallOptions, type DeleteOptions, isNexusError, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import { checkVariants } from './capabilities.ts'
import type { TreeContext } from './context.ts'
import { isMarker, toPrefix } from './keys.ts'
import { above } from './known-directories.ts'
import { findFile, holdsAny } from './look-up.ts'

/** Removes a file, an empty directory, or (`recursive`) a directory with all below it, a page a request. */
export async function deletePath(context: TreeContext, path: Path, options: DeleteOptions): Promise<void> {
  checkVariants(context.capabilities, options)
  if (path === '/') throw new NexusError('invalid_argument', { reason: 'The root cannot be deleted; delete what is in it.' })
  const file = await findFile(context.store, path, options)
  if (file !== undefined) await removeFile(context, file, options)
  if (file !== undefined && options.recursive !== true) return afterRemoval(options, () => keepDirectory(context, above(toPrefix(path)), options))
  const isRemoved = await removeDirectory(context, path, file === undefined ? options : { ...options, ifMatch: undefined })
  if (!isRemoved && file === undefined) {
    if (options.force === true) return
    throw new NexusError('not_found')
  }
  await afterRemoval(options, () => keepDirectory(context, above(toPrefix(path)), options))
}

/** What fails from now on cannot be told as if nothing had happened. */
async function afterRemoval({ signal }: CallOptions, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (signal?.aborted === true || !isNexusError(error)) throw error
    const reason = `It is deleted; whether the directory that it was in stays when it is empty is not settled, because that failed: ${error.reason}`
    throw new NexusError('outcome_unknown', { reason, cause: error, retryAfterMs: error.retryAfterMs })
  }
}

/**
 * Makes the marker of a directory whose last object went: it stays when it is empty. Looked at afterwards, so that it stays also when two delete its last
 * two objects at the same time.
 */
export async function keepDirectory({ store }: TreeContext, prefix: string, { signal }: CallOptions): Promise<void> {
  if (prefix === '' || (await holdsAny(store, prefix, { signal }))) return
  await store.put(prefix, new Uint8Array(0), { signal })
}

/** Removes one object; under a condition where one is asked for. */
export async function removeFile({ store }: TreeContext, { key, etag }: Pick<ObjectInfo, 'key' | 'etag'>, { ifMatch, signal }: DeleteOptions): Promise<void> {
  if (ifMatch === undefined) return store.delete([key], { signal })
  if (etag !== ifMatch) throw new NexusError('precondition_failed')
  if (store.deleteMatching === undefined) throw new NexusError('unsupported', { reason: 'The service does not delete under a condition.' })
  return store.deleteMatching(key, ifMatch, { signal })
}

/** @returns Whether there was one. @throws NexusError `not_empty`, `precondition_failed` */
async function removeDirectory(context: TreeContext, path: Path, { recursive, ifMatch, signal }: DeleteOptions): Promise<boolean> {
  const { store, known } = context
  const prefix = toPrefix(path)
  let isThere = false
  for await (const { objects } of store.list({ prefix, signal, ...(recursive === true ? {} : { pageSize: 2 }) })) {
    const [first] = objects
    if (first === undefined) continue
    if (ifMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'A directory has no etag that ifMatch could ask for.' })
    if (recursive !== true && (objects.length > 1 || first.key !== prefix || !isMarker(first))) throw new NexusError('not_empty')
    isThere = true
    await store.delete(objects.map(({ key }) => key), { signal })
  }
  known.clear()
  return isThere
}
