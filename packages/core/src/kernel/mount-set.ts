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
  /** Backends that others took the place of, while something of theirs is still under way. */
  readonly replaced: Set<Mounted>
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
  const mounted = requireMount(set, idOrMountPoint, 'unmount')
  set.table.remove(mounted)
  set.mounts.delete(mounted.id)
  // Whoever waits finds that nothing is mounted here, or what lies above.
  mounted.gate.open()
  await leave(set, () => release(set, mounted, options))
}

/** What takes the place of a mount's backend; the rest of the mount stays as it is. */
export type ReplacingEntry = Pick<MountEntry, 'backend' | 'uri' | 'storage' | 'backendType' | 'layout' | 'layers'>

/** When the backend that was replaced may be closed. */
export interface ReplaceOptions {
  /** Not before this has settled, because somebody reads it still. */
  readonly keepUntil?: Promise<unknown> | undefined
}

/**
 * Puts another backend in the place of a mount's, at once: what is under way ends on the old one, what begins later goes to the new one. Id, mount point, name,
 * priority and read-only stay.
 * @returns When the old backend is closed, after its last call, body and iteration; feeds of its changes end with `unavailable`
 * @throws NexusError `mount_not_found`
 */
export async function replaceMount(set: MountSet, idOrMountPoint: string, { entry, options = {} }: { readonly entry: ReplacingEntry; readonly options?: ReplaceOptions | undefined }): Promise<void> {
  const old = requireMount(set, idOrMountPoint, 'replace')
  const { id, name, mountPoint, priority, readonly } = old.facts
  const { backend, uri, storage, backendType, layout = backend.capabilities.layout } = entry
  const isReadonly = readonly && !old.source.capabilities.readonly
  const state = unavailableReason(backend) === undefined ? 'active' : 'unavailable'
  const facts = { id, name, mountPoint, uri, storage, backendType, layout, priority, readonly: isReadonly || backend.capabilities.readonly, state } as const
  const mounted = new Mounted({ facts, source: backend, backend: layered(set, { ...entry, mountPoint, readonly: isReadonly }), hidden: false, gate: old.gate })
  set.table.replace(old, mounted)
  set.mounts.set(id, mounted)
  set.uses.set(backend, (set.uses.get(backend) ?? 0) + 1)
  await leave(set, () => releaseReplaced(set, old, options))
}

async function releaseReplaced(set: MountSet, old: Mounted, { keepUntil }: ReplaceOptions): Promise<void> {
  set.replaced.add(old)
  try {
    // Its outcome is told to whoever made it.
    await Promise.allSettled([keepUntil])
    await release(set, old, { keepsUnbegun: true, why: 'was replaced by other storage; list again and watch from now on.' })
  } finally {
    set.replaced.delete(old)
  }
}

/** The mount of that id or at that place. @throws NexusError `mount_not_found` */
export function requireMount(set: MountSet, idOrMountPoint: string, op: string): Mounted {
  const mounted = set.mounts.get(idOrMountPoint) ?? mountedAt(set, idOrMountPoint)
  if (mounted === undefined) throw new NexusError('mount_not_found', { op, path: idOrMountPoint, backend: 'nexus' })
  return mounted
}

async function leave({ leaving }: MountSet, run: () => Promise<void>): Promise<void> {
  const left = run()
  leaving.add(left)
  try {
    await left
  } finally {
    leaving.delete(left)
  }
}

interface Releasing extends UnmountOptions {
  readonly keepsUnbegun?: boolean | undefined
  readonly why?: string | undefined
}

async function release(set: MountSet, mounted: Mounted, { drain = true, ...rest }: Releasing): Promise<void> {
  await mounted.finish({ drain, ...rest })
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

function layered({ registry }: MountSet, { backend, mountPoint, readonly: isReadonly = false, layers }: Pick<MountEntry, 'backend' | 'mountPoint' | 'readonly' | 'layers'>): Backend {
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
