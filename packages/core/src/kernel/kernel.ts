import type { Backend, Capabilities, FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { createMetricsRegistry, type MetricsRegistry } from '../layers/metrics-registry.ts'
import { batch } from './batch.ts'
import { commonCapabilities, noCapabilities } from './capabilities.ts'
import { changes } from './changes.ts'
import { deleteSnapshot, presign, search, snapshot, snapshots, usage, versions } from './delegate.ts'
import { deletePath, mkdir } from './delete.ts'
import { gated } from './gated.ts'
import { healthOf, type KernelHealth } from './health.ts'
import { type HoldOptions, holdChanges } from './hold-changes.ts'
import { list } from './list.ts'
import type { KernelListOptions } from './list-at.ts'
import type { MountEntry, MountInfo, UnmountOptions } from './mount-info.ts'
import { addMount, infoOf, type MountSet, removeMount, type ReplaceOptions, type ReplacingEntry, replaceMount, requireMount } from './mount-set.ts'
import { createMountTable } from './mount-table.ts'
import type { Mounted } from './mounted.ts'
import { copy, rename } from './move.ts'
import type { MoveJournal } from './move-journal.ts'
import type { KernelCopyOptions, KernelMoveOptions } from './move-options.ts'
import { capabilitiesOf, placeAt } from './place.ts'
import { read } from './read.ts'
import { isReserved } from './reserved-paths.ts'
import { stat } from './stat.ts'
import { mountSystem } from './system.ts'
import { append, setMetadata, write } from './write.ts'

/** What a kernel may be given. */
export interface KernelOptions {
  /** Counts of every mount; `/__sys__/metrics` shows them. Default: its own. */
  readonly registry?: MetricsRegistry | undefined
  /** Where moves between mounts are written down, so that who is killed can go on. Default: nowhere. */
  readonly moveJournal?: MoveJournal | undefined
  /** What `/__sys__/version` says. */
  readonly version?: string | undefined
}

/** What concerns one storage, and so not the kernel, which is many. */
type OfOneStorage = 'cacheScope' | 'serviceHealth' | 'storedAt' | 'copyFrom'

/** The mount table as a Backend: the one choke point through which every door goes. Every other optional member is present; a mount that lacks it fails with `unsupported`. */
export interface Kernel extends Required<Omit<Backend, OfOneStorage>> {
  list(path: Path, options?: KernelListOptions): ReturnType<Backend['list']>
  rename(from: Path, to: Path, options?: KernelMoveOptions): Promise<FileStat>
  copy(from: Path, to: Path, options?: KernelCopyOptions): Promise<FileStat>
  /** @returns The mount's id. @throws NexusError `mount_collision` (both URIs named), `invalid_argument` (reserved path, id taken) */
  mount(entry: MountEntry): Promise<string>
  /** New calls miss the mount at once; resolves when what was under way has ended and the backend is closed. @throws NexusError `mount_not_found` */
  unmount(idOrMountPoint: string, options?: UnmountOptions): Promise<void>
  /**
   * Puts another backend in the place of a mount's, at once; id, mount point, name, priority and read-only stay. Resolves when what was under way on the old
   * one has ended and it is closed; feeds of its changes end with `unavailable`. @throws NexusError `mount_not_found`
   */
  replace(idOrMountPoint: string, entry: ReplacingEntry, options?: ReplaceOptions): Promise<void>
  /**
   * Runs `work` while changes to the mount wait and none is under way; reading goes on.
   * @throws NexusError `mount_not_found`; `busy` when changes are held back already, and when one under way does not end in time
   */
  holdChanges<R>(idOrMountPoint: string, work: () => Promise<R>, options?: HoldOptions): Promise<R>
  /** The backend of a mount as it was given, below its layers. Closing it stays with the kernel. @throws NexusError `mount_not_found` */
  storageOf(idOrMountPoint: string): Backend
  /** In the order in which they were mounted. */
  mounts(): MountInfo[]
  /** Where a path routes; `undefined` where nothing is mounted. */
  mountInfo(path: Path): MountInfo | undefined
  health(): KernelHealth
}

/** An empty mount table. */
export function createKernel({ registry = createMetricsRegistry(), version = '0.0.0', moveJournal }: KernelOptions = {}): Kernel {
  const context: MountSet = {
    table: createMountTable<Mounted>(),
    moveJournal,
    isClosed: false,
    mounts: new Map(),
    registry,
    uses: new Map(),
    leaving: new Set(),
    replaced: new Set(),
    lastId: 0,
  }
  let closing: Promise<void> | undefined
  mountSystem(context, version)
  return {
    scheme: 'nexus',
    get capabilities() {
      return commonCapabilities(Array.from(context.mounts.values(), ({ backend }) => backend.capabilities))
    },
    capabilitiesAt: (path) => capabilitiesAt(context, path),
    ...gated(context, { ...fileVerbs(context), ...treeVerbs(context), ...historyVerbs(context) }),
    mount: async (entry) => await Promise.resolve(addMount(context, entry)),
    unmount: (idOrMountPoint, options) => removeMount(context, idOrMountPoint, options),
    replace: (idOrMountPoint, entry, options) => replaceMount(context, idOrMountPoint, { entry, options }),
    holdChanges: (idOrMountPoint, work, options) => holdChanges(context, idOrMountPoint, { work, options }),
    storageOf: (idOrMountPoint) => requireMount(context, idOrMountPoint, 'migrate').source,
    mounts: () => Array.from(context.mounts.values(), infoOf),
    mountInfo: (path) => mountInfo(context, path),
    health: () => healthOf(context),
    close: () => (closing ??= closeAll(context)),
  }
}

function fileVerbs(context: MountSet): Pick<Kernel, 'stat' | 'read' | 'write' | 'append' | 'setMetadata' | 'presign'> {
  return {
    stat: (path, options) => stat(context, path, options),
    read: (path, options) => read(context, path, options),
    write: (path, body, options) => write(context, path, { body, options }),
    append: (path, body, options) => append(context, path, { body, options }),
    setMetadata: (path, patch, options) => setMetadata(context, path, { patch, options }),
    presign: (path, options) => presign(context, path, options),
  }
}

function treeVerbs(context: MountSet): Pick<Kernel, 'list' | 'delete' | 'mkdir' | 'rename' | 'copy' | 'batch' | 'usage' | 'search'> {
  return {
    list: (path, options) => list(context, path, options),
    delete: (path, options) => deletePath(context, path, options),
    mkdir: (path, options) => mkdir(context, path, options),
    rename: (from, to, options) => rename(context, from, { to, options }),
    copy: (from, to, options) => copy(context, from, { to, options }),
    batch: (operations, options) => batch(context, operations, options),
    usage: (path, options) => usage(context, path, options),
    search: (path, query, options) => search(context, path, { query, options }),
  }
}

function historyVerbs(context: MountSet): Pick<Kernel, 'versions' | 'snapshot' | 'snapshots' | 'deleteSnapshot' | 'changes'> {
  return {
    versions: (path, options) => versions(context, path, options),
    snapshot: (path, name, options) => snapshot(context, path, { name, options }),
    snapshots: (path, options) => snapshots(context, path, options),
    deleteSnapshot: (path, name, options) => deleteSnapshot(context, path, { name, options }),
    changes: (path, options) => changes(context, path, options),
  }
}

function capabilitiesAt({ table }: MountSet, path: Path): Capabilities {
  const node = table.find(path)
  return node.winner === undefined ? noCapabilities : capabilitiesOf(placeAt(node, { op: 'stat', path }))
}

function mountInfo({ table }: MountSet, path: Path): MountInfo | undefined {
  const { winner } = table.find(path)
  return winner === undefined || isReserved(path) ? undefined : infoOf(winner)
}

/** Ends everything in reverse order of mounting; a backend that fails to close does not keep the others open. */
async function closeAll(context: MountSet): Promise<void> {
  context.isClosed = true
  const failures: unknown[] = []
  const drained = [...context.mounts.values()].reverse()
  for (const { id, mountPoint } of drained) {
    try {
      await removeMount(context, id)
    } catch (error) {
      failures.push(mountPoint, error)
    }
  }
  await Promise.all([...context.replaced].map((mounted) => mounted.endUnbegun()))
  // Whoever unmounted hears how that ended.
  await Promise.allSettled(context.leaving)
  if (failures.length === 0) return
  const reason = `Closing failed at ${failures.filter((item) => typeof item === 'string').join(', ')}; the other mounts are closed.`
  throw new NexusError('unavailable', {
    op: 'close',
    backend: 'nexus',
    reason,
    cause: new AggregateError(failures.filter((item) => typeof item !== 'string')),
  })
}
