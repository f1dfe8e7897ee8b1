import type { Kernel } from '../kernel/kernel.ts'
import type { UnmountOptions } from '../kernel/mount-info.ts'
import { checkedFor } from './config-problem.ts'
import { type MountedNexusFS, mountedFacade } from './mounted-facade.ts'
import type { ConfigSource, MountSource, SourceContext } from './mount-source.ts'
import { parseMountSource } from './parse-mount-source.ts'
import { type OpenedMount, openMounts, type OpenMountsOptions } from './open-mounts.ts'

/** Adds and removes mounts while the filesystem is in use. */
export interface MountManager {
  /**
   * Opens a backend and mounts it, by type and configuration or as `mount()` takes it. It is not remembered.
   * @returns The mount's id.
   * @throws NexusError as `mount()` does
   */
  addMount(source: ConfigSource | MountSource, options?: { readonly signal?: AbortSignal | undefined }): Promise<string>
  /** Unmounts, by id or mount point, and closes the backend. `drain` (default) waits for what is under way. @throws NexusError `mount_not_found` */
  removeMount(idOrMountPoint: string, options?: UnmountOptions): Promise<void>
}

/** What `connect()` gives: the filesystem, its mounts, and the means to change them. */
export interface NexusFS extends MountedNexusFS {
  readonly mountManager: MountManager
}

/** The embedded {@link NexusFS}: a kernel in this process. */
export function embeddedNexusFS(
  kernel: Kernel,
  context: SourceContext,
  opening: Omit<OpenMountsOptions, 'signal' | 'skipUnavailable'>,
): NexusFS {
  const mountManager: MountManager = {
    addMount: async (source, { signal } = {}) => {
      const request = checkedFor('mount', () => parseMountSource(source, context))
      // One request, one mount.
      const [{ id }] = (await openMounts(kernel, [request], { ...opening, signal })) as readonly [OpenedMount]
      return id
    },
    removeMount: (idOrMountPoint, options) => kernel.unmount(withoutSlash(idOrMountPoint), options),
  }
  return { ...mountedFacade(kernel, { opening }), mountManager }
}

/** `/archives/` means `/archives`. */
function withoutSlash(idOrMountPoint: string): string {
  return idOrMountPoint.length > 1 && idOrMountPoint.endsWith('/') ? idOrMountPoint.slice(0, -1) : idOrMountPoint
}
