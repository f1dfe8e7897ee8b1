import { parsePath } from '../contract/paths.ts'
import { createSlimNexusFS } from '../facade/create-slim-nexus-fs.ts'
import type { SlimNexusFS } from '../facade/slim-nexus-fs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { MountInfo } from '../kernel/mount-info.ts'
import type { TierReport, TierRunOptions } from '../tiering/run-tiers.ts'
import type { Tiers } from '../tiering/tiers.ts'

/** What a facade tells of its mounts. */
export interface MountListing {
  /** In the order in which they were mounted. */
  listMounts(): Promise<MountInfo[]>
  /** Where a path routes; `undefined` where nothing is mounted. @throws NexusError `invalid_path` */
  getMountInfo(path: string): Promise<MountInfo | undefined>
}

/** What a facade does by its tier rules. */
export interface Tiering {
  /**
   * Runs the tier rules once: nothing runs them by itself, so have cron or a timer call this, or `nexus-fs tier`. Several files move at once; one that
   * fails stays and stops no other.
   * @returns A report for each rule; none without rules
   * @throws NexusError of the storages as a whole: `unavailable`, `read_only`, `no_space` ...
   */
  tier(options?: TierRunOptions): Promise<readonly TierReport[]>
}

/** What `mount()` gives: the filesystem, its mounts, and its tier rules. */
export interface MountedNexusFS extends SlimNexusFS, MountListing, Tiering {}

/** The people's side of a kernel. */
export function mountedFacade(kernel: Kernel, tiers: Tiers | undefined): MountedNexusFS {
  return {
    ...createSlimNexusFS(kernel),
    listMounts: () => Promise.resolve(kernel.mounts()),
    tier: async (options) => {
      if (tiers === undefined) return []
      const { runTiers } = await import('../tiering/run-tiers.ts')
      return await runTiers(kernel, tiers, options)
    },
    getMountInfo: async (path) => await Promise.resolve(kernel.mountInfo(parsePath(path))),
  }
}
