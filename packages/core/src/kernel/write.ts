import type { AppendOptions, Backend, Body, FileStat, MetadataPatch, WriteOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { checkSize, checkVariants, checkWritable } from './check-options.ts'
import { capabilitiesOf, findNode, isAboveMounts, type KernelContext, perform, type Place, placeAt, refuseUnsupported, requireVerb } from './place.ts'
import { toldIn } from './relocate.ts'

/** Stores a file on the mount that answers at `path`. */
export async function write(
  context: KernelContext,
  path: Path,
  { body, options }: { readonly body: Body; readonly options: WriteOptions | undefined },
): Promise<FileStat> {
  const place = locateFile(context, { op: 'write', path }, options)
  checkVariants(place, options)
  return writeAt(place, body, options)
}

/** Stores a file on the place's own mount. */
export async function writeAt(place: Place, body: Body, options?: WriteOptions): Promise<FileStat> {
  checkSize(place, body, options?.sizeBytes)
  return toldIn(place.mount, await perform(place, options, (backend: Backend, inner: Path, given: WriteOptions) => backend.write(inner, body, given)))
}

/** Adds to a file where the mount can. */
export async function append(
  context: KernelContext,
  path: Path,
  { body, options }: { readonly body: Body; readonly options: AppendOptions | undefined },
): Promise<FileStat> {
  const place = locateFile(context, { op: 'append', path }, options)
  checkVariants(place, options)
  if (!capabilitiesOf(place).append) refuseUnsupported(place, 'append')
  requireVerb(place, 'append', 'append')
  checkSize(place, body, undefined)
  const run = (_backend: Backend, inner: Path, given: AppendOptions): Promise<FileStat> => place.mount.backend.append(inner, body, given)
  return toldIn(place.mount, await perform(place, options, run))
}

/** Changes metadata where the mount keeps any. */
export async function setMetadata(
  context: KernelContext,
  path: Path,
  { patch, options }: { readonly patch: MetadataPatch; readonly options: AppendOptions | undefined },
): Promise<FileStat> {
  const place = locateFile(context, { op: 'setMetadata', path }, options)
  checkVariants(place, options)
  if (!capabilitiesOf(place).metadata) refuseUnsupported(place, 'keep metadata')
  requireVerb(place, 'setMetadata', 'keep metadata')
  const run = (_backend: Backend, inner: Path, given: AppendOptions): Promise<FileStat> => place.mount.backend.setMetadata(inner, patch, given)
  return toldIn(place.mount, await perform(place, options, run))
}

/** Where a file may be changed. @throws NexusError `is_directory` above mount points, `read_only`, `mount_not_found` */
export function locateFile(
  context: KernelContext,
  call: { readonly op: string; readonly path: Path },
  options: { readonly signal?: AbortSignal | undefined } | undefined,
): Place {
  const node = findNode(context, call, options)
  if (isAboveMounts(node, call.path))
    throw new NexusError('is_directory', { ...call, backend: 'nexus', reason: 'Mounts lie below it, so it is a directory.' })
  const place = placeAt(node, call)
  checkWritable(place)
  return place
}
