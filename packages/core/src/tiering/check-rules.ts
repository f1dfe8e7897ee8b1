import { NexusError } from '../contract/errors.ts'
import { isWithin, type Path } from '../contract/paths.ts'
import { isReserved } from '../kernel/reserved-paths.ts'
import { holderOf, type MountPlace } from './tiers.ts'
import type { TierRule } from './rule.ts'

/** @throws NexusError `invalid_config` for rules that contradict themselves or each other */
export function checkTierRules(rules: readonly TierRule[]): void {
  for (const rule of rules) checkOne(rule)
  const kept = rules.filter(({ paths }) => paths === 'keep')
  for (const [index, rule] of kept.entries()) for (const other of kept.slice(index + 1)) checkPair(rule, other)
  for (const rule of rules) refuseCycle(rule, rules)
}

/** @throws NexusError `invalid_config` when nothing is mounted where a rule begins or leads to */
export function checkTierMounts(rules: readonly TierRule[], mounts: readonly MountPlace[]): void {
  for (const { from, to } of rules) {
    const lost = [from, to].find((path) => holderOf(path, mounts) === undefined)
    if (lost !== undefined) refuse(lost, `Nothing is mounted at ${lost}, which a tier rule names; mount something there, or correct the rule.`)
  }
}

function checkOne({ from, to, paths, capacityBytes, ...conditions }: TierRule): void {
  if (isWithin(from, to) || isWithin(to, from))
    refuse(from, `A tier rule leads from ${from} to ${to}, and one lies in the other; choose two directories apart.`)
  const reserved = [from, to].find(isReserved)
  if (reserved !== undefined) refuse(reserved, `${reserved} belongs to Nexus itself; name a directory of a mount.`)
  if (paths === 'move' && capacityBytes !== undefined)
    refuse(from, `The rule for ${from} has a capacity, and files that move lose their path; say paths: keep, or run it by age or size.`)
  const { olderThanMs, idleForMs, largerThanBytes, smallerThanBytes } = conditions
  if ([olderThanMs, idleForMs, largerThanBytes, smallerThanBytes, capacityBytes].every((value) => value === undefined))
    refuse(from, `The rule for ${from} does not say which files: by age (older_than), last access (idle_for), size (larger_than, smaller_than) or capacity.`)
  if (largerThanBytes !== undefined && smallerThanBytes !== undefined && smallerThanBytes <= largerThanBytes + 1)
    refuse(from, `No file is larger than ${largerThanBytes} and smaller than ${smallerThanBytes} bytes at once.`)
}

/** Two rules may send files of one directory the same way for different reasons; any other overlap would leave open where a file is looked for. */
function checkPair(one: TierRule, other: TierRule): void {
  const isSame = one.from === other.from
  if (isSame && one.to === other.to && (one.capacityBytes === undefined || other.capacityBytes === undefined)) return
  if (isSame && one.to === other.to) refuse(one.from, `Two rules give ${one.from} a capacity; keep one of them.`)
  if (isWithin(one.from, other.from) || isWithin(other.from, one.from))
    refuse(one.from, `Two rules that keep paths begin at ${one.from} and ${other.from} and lead to ${one.to} and ${other.to}; let the second begin where the first leads to.`)
  if (isWithin(one.to, other.to) || isWithin(other.to, one.to))
    refuse(one.to, `Two rules that keep paths lead to ${one.to} and ${other.to}, where their files would mix; give each a directory of its own.`)
}

/** Files that come back to where they were would be moved for ever. */
function refuseCycle(start: TierRule, rules: readonly TierRule[]): void {
  const seen = new Set<TierRule>()
  const follow = (to: Path, way: readonly Path[]): void => {
    for (const next of rules) {
      if (!isWithin(to, next.from) && !isWithin(next.from, to)) continue
      if (isWithin(next.to, start.from) || isWithin(start.from, next.to))
        refuse(start.from, `The rules lead in a circle: ${[...way, next.to].join(' to ')}. Take one of them out.`)
      if (seen.has(next)) continue
      seen.add(next)
      follow(next.to, [...way, next.to])
    }
  }
  follow(start.to, [start.from, start.to])
}

function refuse(path: Path, reason: string): never {
  throw new NexusError('invalid_config', { op: 'tier', path, reason })
}
