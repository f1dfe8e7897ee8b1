import { parsePath } from '../contract/paths.ts'
import { createSlimNexusFS } from '../facade/create-slim-nexus-fs.ts'
import type { SlimNexusFS } from '../facade/slim-nexus-fs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { MountInfo } from '../kernel/mount-info.ts'

/** What a facade tells of its mounts. */
export interface MountListing {
  /** In the order in which they were mounted. */
  listMounts(): Promise<MountInfo[]>
  /** Where a path routes; `undefined` where nothing is mounted. @throws NexusError `invalid_path` */
  getMountInfo(path: string): Promise<MountInfo | undefined>
}

/** What `mount()` gives: the filesystem, and its mounts. */
export interface MountedNexusFS extends SlimNexusFS, MountListing {}

/** The people's side of a kernel. */
export function mountedFacade(kernel: Kernel): MountedNexusFS {
  return {
    ...createSlimNexusFS(kernel),
    listMounts: () => Promise.resolve(kernel.mounts()),
    getMountInfo: async (path) => await Promise.resolve(kernel.mountInfo(parsePath(path))),
  }
}
