import type { Backend, CallOptions, Capabilities } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type Path, relativePath } from '../contract/paths.ts'
import { isExact, type MountNode, type MountTable } from './mount-table.ts'
import type { Mounted } from './mounted.ts'
import type { MoveJournal } from './move-journal.ts'
import { toldAt } from './relocate.ts'

/** What the verbs of one kernel share. */
export interface KernelContext {
  readonly table: MountTable<Mounted>
  /** Where moves between mounts are written down. */
  readonly moveJournal?: MoveJournal | undefined
  isClosed: boolean
}

/** Where a call goes. */
export interface Place {
  readonly op: string
  /** As the caller wrote it. */
  readonly path: Path
  /** As the mount's backend knows it. */
  readonly inner: Path
  readonly mount: Mounted
  /** Whether a mount begins at the path or below it. */
  readonly hasMounts: boolean
}

/** The node that decides about a path. @throws NexusError `unavailable` after `close()`; the signal's reason when the call was aborted before it began */
export function findNode(
  context: KernelContext,
  { op, path }: { readonly op: string; readonly path: Path },
  options: CallOptions | undefined,
): MountNode<Mounted> {
  options?.signal?.throwIfAborted()
  if (context.isClosed) throw new NexusError('unavailable', { op, path, backend: 'nexus', reason: 'The filesystem is closed; open it again.' })
  return context.table.find(path)
}

/** @throws NexusError `mount_not_found`, or as {@link findNode} */
export function locate(context: KernelContext, call: { readonly op: string; readonly path: Path }, options: CallOptions | undefined): Place {
  return placeAt(findNode(context, call, options), call)
}

/** The place that a node gives to a path. @throws NexusError `mount_not_found` */
export function placeAt(node: MountNode<Mounted>, { op, path }: { readonly op: string; readonly path: Path }): Place {
  const mount = node.winner
  if (mount === undefined) throw new NexusError('mount_not_found', { op, path, backend: 'nexus' })
  return { op, path, mount, inner: relativePath(path, mount.mountPoint), hasMounts: isExact(node, path) && node.reachable > 0 }
}

/** Whether the path is a directory only because a mount lies below it, whatever the mount above keeps there. */
export function isAboveMounts(node: MountNode<Mounted>, path: Path): boolean {
  return isExact(node, path) && (node.mount === undefined || node.mount !== node.winner) && node.reachable > 0
}

/** Runs one verb on the place's backend: counted, abortable by an unmount, its failure told for the caller's path. */
export async function perform<O extends CallOptions, R>(
  place: Place,
  options: O | undefined,
  run: (backend: Backend, path: Path, options: O) => Promise<R>,
): Promise<R> {
  const { mount } = place
  mount.enter()
  try {
    return await run(mount.backend, place.inner, mountOptions(mount, options))
  } catch (error) {
    throw toldAt(error, place, options)
  } finally {
    mount.leave()
  }
}

/** The caller's options with a signal that an unmount aborts too. */
export function mountOptions<O extends CallOptions>(mount: Mounted, options: O | undefined): O {
  // Every option of a verb that may be called without options is optional, so that the signal alone is a whole `O`.
  if (options === undefined) return mount.callOptions as O
  return { ...options, signal: options.signal === undefined ? mount.signal : AbortSignal.any([options.signal, mount.signal]) }
}

/** What holds at the place. */
export function capabilitiesOf({ mount, inner }: Pick<Place, 'mount' | 'inner'>): Capabilities {
  return mount.backend.capabilitiesAt?.(inner) ?? mount.backend.capabilities
}

/** @throws NexusError `unsupported`, naming the mount */
export function refuseUnsupported({ op, path, mount }: Place, what: string): never {
  throw new NexusError('unsupported', { op, path, backend: mount.backend.scheme, reason: `${mount.label} cannot ${what}.` })
}

type Verb = 'append' | 'batch' | 'changes' | 'copy' | 'deleteSnapshot' | 'presign' | 'rename' | 'search' | 'setMetadata' | 'snapshot' | 'snapshots' | 'usage' | 'versions'
type Able<V extends Verb> = Place & { readonly mount: { readonly backend: Required<Pick<Backend, V>> } }

/**
 * After this the place's backend has the verb. Asked before {@link perform}, whose failures are the backend's own and are told anew for the caller's path.
 * @throws NexusError `unsupported`, naming the mount
 */
export function requireVerb<V extends Verb>(place: Place, verb: V, what: string): asserts place is Able<V> {
  if (place.mount.backend[verb] === undefined) refuseUnsupported(place, what)
}
