import type { Backend } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { metrics } from '../layers/metrics.ts'
import type { MetricsRegistry } from '../layers/metrics-registry.ts'
import { orderLayers } from '../layers/order-layers.ts'
import { readonly } from '../layers/readonly.ts'
import type { MountEntry, MountInfo, UnmountOptions } from './mount-info.ts'
import { Mounted } from './mounted.ts'
import type { KernelContext } from './place.ts'
import { isReserved } from './reserved-paths.ts'
import { unavailableReason } from './unavailable.ts'

/** The mounts of a kernel, by id, in the order in which they came. */
export interface MountSet extends KernelContext {
  readonly mounts: Map<string, Mounted>
  readonly registry: MetricsRegistry
  /** How many mounts a backend has: it is closed with its last one. */
  readonly uses: Map<Backend, number>
  /** Unmounts under way, which a close waits for. */
  readonly leaving: Set<Promise<void>>
  lastId: number
}

/** Puts a backend in its place, with its layers on. @returns The mount's id */
export function addMount(set: MountSet, entry: MountEntry): string {
  const { mountPoint, uri, backendType, name, priority = 0, layout = entry.backend.capabilities.layout } = entry
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_argument', { op: 'mount', path: mountPoint, backend: backendType, reason })
  }
  if (set.isClosed)
    throw new NexusError('unavailable', { op: 'mount', path: mountPoint, backend: 'nexus', reason: 'The filesystem is closed; open it again.' })
  if (isReserved(mountPoint)) refuse('The paths /__sys__ and /__pipes__ belong to Nexus itself; choose another place with `at`.')
  if (!Number.isSafeInteger(priority)) refuse('A priority is a whole number.')
  if (entry.id !== undefined && set.mounts.has(entry.id)) refuse(`A mount has the id "${entry.id}" already.`)
  const id = entry.id ?? freshId(set)
  const facts: Omit<MountInfo, 'capabilities'> = {
    id,
    name,
    mountPoint,
    uri,
    storage: entry.storage,
    backendType,
    layout,
    priority,
    readonly: entry.readonly === true || entry.backend.capabilities.readonly,
    state: unavailableReason(entry.backend) === undefined ? 'active' : 'unavailable',
  }
  const mounted = new Mounted({ facts, source: entry.backend, backend: layered(set, entry), hidden: false })
  set.table.add(mounted, { allowShadow: entry.allowShadow })
  set.mounts.set(id, mounted)
  set.uses.set(entry.backend, (set.uses.get(entry.backend) ?? 0) + 1)
  return id
}

/** Takes a mount out at once, waits for or ends what is under way on it, and closes its backend. */
export async function removeMount(set: MountSet, idOrMountPoint: string, options: UnmountOptions = {}): Promise<void> {
  const mounted = set.mounts.get(idOrMountPoint) ?? mountedAt(set, idOrMountPoint)
  if (mounted === undefined) throw new NexusError('mount_not_found', { op: 'unmount', path: idOrMountPoint, backend: 'nexus' })
  set.table.remove(mounted)
  set.mounts.delete(mounted.id)
  const leaving = release(set, mounted, options)
  set.leaving.add(leaving)
  try {
    await leaving
  } finally {
    set.leaving.delete(leaving)
  }
}

async function release(set: MountSet, mounted: Mounted, { drain = true, signal }: UnmountOptions): Promise<void> {
  await mounted.finish({ drain, signal })
  if (mountedAt(set, mounted.mountPoint) === undefined) set.registry.forget(mounted.mountPoint)
  const uses = (set.uses.get(mounted.source) ?? 1) - 1
  if (uses > 0) return void set.uses.set(mounted.source, uses)
  set.uses.delete(mounted.source)
  await mounted.backend.close()
}

/** Everything that is known of a mount, without its secrets. */
export function infoOf({ facts, backend }: Mounted): MountInfo {
  return { ...facts, capabilities: backend.capabilities }
}

function layered({ registry }: MountSet, { backend, mountPoint, readonly: isReadonly = false, layers }: MountEntry): Backend {
  const own = { metrics: metrics(registry, { mount: mountPoint }), readonly: isReadonly ? readonly() : undefined }
  return orderLayers({ ...layers, ...own })(backend)
}

function freshId(set: MountSet): string {
  do set.lastId++
  while (set.mounts.has(`m${set.lastId}`))
  return `m${set.lastId}`
}

function mountedAt({ table, mounts }: MountSet, mountPoint: string): Mounted | undefined {
  const { mount, path } = table.find(mountPoint as Path)
  return mount !== undefined && path === mountPoint && mounts.has(mount.id) ? mount : undefined
}
