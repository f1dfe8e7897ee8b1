import { NexusError, readMounts, rememberMounts, type RememberedMount, type TierSource } from '@nexus/core'
import { isWithin, type Path } from '@nexus/core/contract'

/** Writes a rule that keeps paths down with the mount that holds its files; a rule for the same way is replaced. */
export async function rememberTier(rule: TierSource, signal: AbortSignal): Promise<void> {
  const holder = await rememberedHolder(rule.from as Path)
  const others = (holder.tiers ?? []).filter(({ from, to }) => from !== rule.from || to !== rule.to)
  await rememberMounts([{ ...holder, tiers: [...others, rule] }], { signal })
}

/** The remembered mount that answers at a path. @throws NexusError `mount_not_found` */
export async function rememberedHolder(path: Path): Promise<RememberedMount> {
  const above = (await readMounts()).filter(({ mountPoint }) => isWithin(path, mountPoint))
  const [holder] = above.sort((one, other) => (other.priority ?? 0) - (one.priority ?? 0) || other.mountPoint.length - one.mountPoint.length)
  if (holder === undefined) throw new NexusError('mount_not_found', { op: 'tier', path })
  return holder
}
