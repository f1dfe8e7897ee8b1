import type { RememberedMount, TierSource } from '@nexus/core'
import { isWithin, parsePath, type Path } from '@nexus/core/contract'

/** What a command reaches beside its own paths: files of their mounts may lie elsewhere by tier rules. */
export interface Reach {
  readonly tiers: readonly TierSource[]
  /** Where those rules lead to. */
  readonly targets: readonly Path[]
}

/** Follows the rules of every mount that is opened, and of those that they lead to. */
export function reachOf(
  remembered: readonly RememberedMount[],
  { nexusPaths, goesBelow, own }: { readonly nexusPaths: readonly Path[]; readonly goesBelow: boolean; readonly own: TierSource | undefined },
): Reach {
  const tiers: TierSource[] = own === undefined ? [] : [own]
  const targets: Path[] = []
  const rest = new Set(remembered)
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false
    for (const mount of rest) {
      const isBelow = goesBelow && nexusPaths.some((path) => isWithin(mount.mountPoint, path))
      if (!isBelow && ![...nexusPaths, ...targets].some((path) => isWithin(path, mount.mountPoint))) continue
      rest.delete(mount)
      isGrowing = true
      // What the command itself says of the same way wins over what is remembered of it.
      for (const rule of mount.tiers ?? []) if (rule.from !== own?.from || rule.to !== own.to) tiers.push(rule)
      targets.push(...(mount.tiers ?? []).map(({ to }) => parsePath(to)))
    }
  }
  return { tiers, targets }
}
