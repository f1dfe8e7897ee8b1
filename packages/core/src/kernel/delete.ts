import type { Backend, DeleteOptions, MkdirOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { parentPath, type Path } from '../contract/paths.ts'
import { checkVariants, checkWritable } from './check-options.ts'
import { findNode, isAboveMounts, type KernelContext, locate, perform, type Place, placeAt } from './place.ts'

/** Deletes within one mount; a mount point, and a directory with one below it, is `busy`. */
export async function deletePath(context: KernelContext, path: Path, options?: DeleteOptions): Promise<void> {
  const call = { op: 'delete', path }
  const node = findNode(context, call, options)
  if (path === '/')
    throw new NexusError('invalid_argument', { ...call, backend: 'nexus', reason: 'The root cannot be deleted; delete what is in it.' })
  if (isAboveMounts(node, path)) throw busy(call)
  const place = placeAt(node, call)
  refuseMounts(place)
  checkWritable(place)
  checkVariants(place, options)
  return deleteAt(place, options)
}

/** Deletes on the place's own mount. */
export function deleteAt(place: Place, options?: DeleteOptions): Promise<void> {
  return perform(place, options, (backend: Backend, inner: Path, given: DeleteOptions) => backend.delete(inner, given))
}

/** @throws NexusError `busy` when a mount begins at the place or below it */
export function refuseMounts(place: Place): void {
  if (place.hasMounts) throw busy(place)
}

function busy({ op, path }: { readonly op: string; readonly path: Path }): NexusError {
  return new NexusError('busy', { op, path, backend: 'nexus', reason: 'A mount point is at it or below it; unmount that first.' })
}

/** Makes a directory; one that stands above mount points exists already. */
export async function mkdir(context: KernelContext, path: Path, options?: MkdirOptions): Promise<void> {
  const call = { op: 'mkdir', path }
  const node = findNode(context, call, options)
  if (isAboveMounts(node, path)) {
    if (options?.recursive === true) return
    throw new NexusError('already_exists', { ...call, backend: 'nexus' })
  }
  const place = placeAt(node, call)
  checkWritable(place)
  await makeParent(context, place, options)
  return mkdirAt(place, options)
}

/** Makes a directory on the place's own mount. */
export function mkdirAt(place: Place, options?: MkdirOptions): Promise<void> {
  return perform(place, options, (backend: Backend, inner: Path, given: MkdirOptions) => backend.mkdir(inner, given))
}

/** A parent that exists only because mounts lie below it is made where the mount above keeps it, or the mount would miss it. */
async function makeParent(context: KernelContext, { op, path, mount }: Place, options: MkdirOptions | undefined): Promise<void> {
  const parent = parentPath(path)
  if (path === mount.mountPoint || parent === mount.mountPoint || options?.recursive === true) return
  if (!isAboveMounts(context.table.find(parent), parent)) return
  const place = locate(context, { op, path: parent }, options)
  await mkdirAt(place, { ...options, recursive: true })
}
