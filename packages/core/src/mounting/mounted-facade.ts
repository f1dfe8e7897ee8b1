import { parsePath } from '../contract/paths.ts'
import { createSlimNexusFS } from '../facade/create-slim-nexus-fs.ts'
import type { SlimNexusFS } from '../facade/slim-nexus-fs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { MountInfo } from '../kernel/mount-info.ts'
import type { MigrateOptions, MigrateResult } from '../migration/migrate-options.ts'
import type { MigrationWorld } from '../migration/open-target.ts'
import type { TierReport, TierRunOptions } from '../tiering/run-tiers.ts'

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

/** How a facade's mounts change their storage. */
export interface Migrating {
  /**
   * Moves a mount to other storage while it is in use: nothing fails, changes wait for a moment at the end, and the old storage is left as it stands. Broken off anywhere,
   * the same call goes on.
   * @param mountPoint Of a mount. @param uri Of an empty place.
   * @throws NexusError `mount_not_found`, `not_empty`, `unsupported` (what would be lost, unless `allowLoss`), `busy`, and what opening and copying fail with
   */
  migrate(mountPoint: string, uri: string, options?: MigrateOptions): Promise<MigrateResult>
}

/** What `mount()` gives: the filesystem, its mounts, its tier rules, and migrations. */
export interface MountedNexusFS extends SlimNexusFS, MountListing, Tiering, Migrating {}

/** The people's side of a kernel. */
export function mountedFacade(kernel: Kernel, world: Omit<MigrationWorld, 'kernel'>): MountedNexusFS {
  const { tiers } = world.opening
  return {
    ...createSlimNexusFS(kernel),
    listMounts: () => Promise.resolve(kernel.mounts()),
    tier: async (options) => {
      if (tiers === undefined) return []
      const { runTiers } = await import('../tiering/run-tiers.ts')
      return await runTiers(kernel, tiers, options)
    },
    migrate: async (mountPoint, uri, options) => {
      const { migrateMount } = await import('../migration/migrate-mount.ts')
      return await migrateMount({ kernel, ...world }, mountPoint, { uri, options })
    },
    getMountInfo: async (path) => await Promise.resolve(kernel.mountInfo(parsePath(path))),
  }
}
