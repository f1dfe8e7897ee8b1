import { type CallOptions, type FileStat, isNexusError, isWithin, type MoveOptions, NexusError, type Path, relocateError, type StoredFile } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import { checkVariants } from './capabilities.ts'
import { checkTarget } from './check-target.ts'
import type { TreeContext } from './context.ts'
import { toKey } from './keys.ts'
import { leastBytesAt, markerReason } from './guard-body.ts'
import { makeFile } from './make-file.ts'
import { findFile, isDirectory } from './look-up.ts'
import { refuseNested } from './nested.ts'
import { toFileStat } from './stat.ts'

/** Copies a file inside the service, whatever its size. Directories are walked by whoever calls. */
export async function copy(context: TreeContext, from: Path, { to, ...options }: MoveOptions & { readonly to: Path }): Promise<FileStat> {
  checkVariants(context.capabilities, options)
  const source = await findFile(context.store, from, options)
  if (source === undefined) throw new NexusError((await isDirectory(context.store, from, options)) ? 'is_directory' : 'not_found', { reason: 'No file of that name is there to be copied.' })
  checkSource(source, options)
  if (to === from) return toFileStat(from, source)
  return copyFile(context, source, { ...options, to })
}

/** Copies a file of another tree inside the service; `undefined` where that cannot be, before anything happened. */
export async function copyFrom(context: TreeContext, source: StoredFile, { to, ifMatch, ifNoneMatch, signal }: MoveOptions & { readonly to: Path }): Promise<FileStat | undefined> {
  checkVariants(context.capabilities, { ifNoneMatch })
  // How long it is, only who reads it knows before.
  if (context.store.storedAt?.('').service !== source.service || leastBytesAt(to) > 0) return undefined
  await refuseNested(context.nested, to, { signal })
  await checkTarget(context, to, { ifNoneMatch, signal })
  const condition = ifNoneMatch === undefined ? undefined : 'absent'
  const copied = await makeFile(context, toKey(to), async () => context.store.copyFrom?.(source, toKey(to), { ifSourceMatch: ifMatch, condition, signal }))
  return copied && toFileStat(to, copied)
}

/** Whether a source is in the state that was asked for. @throws NexusError `precondition_failed` */
export function checkSource({ etag }: ObjectInfo, { ifMatch }: MoveOptions): void {
  if (ifMatch !== undefined && etag !== ifMatch) throw new NexusError('precondition_failed')
}

/** Copies the state of a file that was looked at, and no later one. @throws NexusError `busy` when it changed meanwhile, unless `ifMatch` asked for that state */
export async function copyFile(context: TreeContext, source: ObjectInfo, { to, ifMatch, ifNoneMatch, signal }: MoveOptions & { readonly to: Path }): Promise<FileStat> {
  if (source.sizeBytes < leastBytesAt(to)) throw new NexusError('invalid_argument', { path: to, reason: markerReason })
  await checkTarget(context, to, { ifNoneMatch, signal })
  const condition = ifNoneMatch === undefined ? undefined : 'absent'
  const put = (): ReturnType<typeof context.store.copy> => context.store.copy(source.key, toKey(to), { ifSourceMatch: ifMatch, condition, signal })
  const copied = await makeFile(context, toKey(to), () => atTarget(to, put, ifMatch === undefined))
  if (copied === undefined) throw new NexusError('not_found', { reason: 'It was deleted while it was copied.' })
  return toFileStat(to, copied)
}

/** Without a condition on the source, a failed one is the target's. */
async function atTarget<T>(path: Path, work: () => Promise<T>, isTargets: boolean): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isTargets && isNexusError(error)) throw relocateError(error, { path })
    throw error
  }
}

/** Refuses a directory where it cannot be put. @throws NexusError `invalid_argument`, `is_directory`, `not_directory`, `precondition_failed` */
export async function checkDirectoryTarget({ store }: TreeContext, from: Path, { to, ifNoneMatch, signal }: CallOptions & Pick<MoveOptions, 'ifNoneMatch'> & { readonly to: Path }): Promise<void> {
  if (isWithin(to, from)) throw new NexusError('invalid_argument', { path: to, reason: `It lies inside ${from}, which would hold itself.` })
  const [file, isThere] = await Promise.all([to === '/' ? undefined : findFile(store, to, { signal }), isDirectory(store, to, { signal })])
  if (file === undefined && !isThere) return
  const code = ifNoneMatch !== undefined ? 'precondition_failed' : isThere ? 'is_directory' : 'not_directory'
  throw new NexusError(code, { path: to, reason: 'Something is there, and a directory replaces nothing.' })
}
