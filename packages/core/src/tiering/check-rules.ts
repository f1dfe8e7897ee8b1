import { isWithin, type Path } from '../contract/paths.ts'
import { ConfigProblem } from '../mounting/config-problem.ts'
import { isReserved } from '../kernel/reserved-paths.ts'
import { holderOf, type MountPlace } from './tier-mounts.ts'
import type { TierRule } from './rule.ts'

/** @throws ConfigProblem for rules that contradict themselves or each other; its keys lead from `tiers` to the rule */
export function checkTierRules(rules: readonly TierRule[]): void {
  for (const [index, rule] of rules.entries()) {
    const refuse = refusing(index)
    checkOne(rule, refuse)
    for (const other of rules.slice(0, index)) if (rule.paths === 'keep' && other.paths === 'keep') checkPair(other, rule, refuse)
    refuseCycle(rule, rules, refuse)
    const kept = rule.paths === 'move' ? rules.find(({ paths, to }) => paths === 'keep' && (isWithin(to, rule.from) || isWithin(rule.from, to))) : undefined
    if (kept !== undefined) refuse(`Files of ${kept.from} keep their paths and lie at ${kept.to}, and this rule would move them on from there; say paths: keep here too.`)
  }
}

/** @throws ConfigProblem when nothing is mounted where a rule begins or leads to */
export function checkTierMounts(rules: readonly TierRule[], mounts: readonly MountPlace[]): void {
  for (const [index, { from, to }] of rules.entries()) {
    const lost = [from, to].find((path) => holderOf(path, mounts) === undefined)
    if (lost !== undefined) refusing(index)(`Nothing is mounted at ${lost}, which a tier rule names; mount something there, or correct the rule.`)
  }
}

type Refuse = (reason: string) => never

function refusing(index: number): Refuse {
  return (reason) => {
    throw new ConfigProblem(['tiers', index], reason)
  }
}

function checkOne({ from, to, paths, capacityBytes, ...conditions }: TierRule, refuse: Refuse): void {
  if (isWithin(from, to) || isWithin(to, from))
    refuse(`A tier rule leads from ${from} to ${to}, and one lies in the other; choose two directories apart.`)
  const reserved = [from, to].find(isReserved)
  if (reserved !== undefined) refuse(`${reserved} belongs to Nexus itself; name a directory of a mount.`)
  if (paths === 'move' && capacityBytes !== undefined)
    refuse(`The rule for ${from} has a capacity, and files that move lose their path; say paths: keep, or run it by age or size.`)
  const { olderThanMs, idleForMs, largerThanBytes, smallerThanBytes } = conditions
  if ([olderThanMs, idleForMs, largerThanBytes, smallerThanBytes, capacityBytes].every((value) => value === undefined))
    refuse(`The rule for ${from} does not say which files: by age (older_than), last access (idle_for), size (larger_than, smaller_than) or capacity.`)
  if (largerThanBytes !== undefined && smallerThanBytes !== undefined && smallerThanBytes <= largerThanBytes + 1)
    refuse(`No file is larger than ${largerThanBytes} and smaller than ${smallerThanBytes} bytes at once.`)
}

/** Two rules may send files of one directory the same way for different reasons; any other overlap would leave open where a file is looked for. */
function checkPair(one: TierRule, other: TierRule, refuse: Refuse): void {
  const isSame = one.from === other.from
  if (isSame && one.to === other.to && (one.capacityBytes === undefined || other.capacityBytes === undefined)) return
  if (isSame && one.to === other.to) refuse(`Two rules give ${one.from} a capacity; keep one of them.`)
  if (isWithin(one.from, other.from) || isWithin(other.from, one.from))
    refuse(`Two rules that keep paths begin at ${one.from} and ${other.from} and lead to ${one.to} and ${other.to}; let the second begin where the first leads to.`)
  if (isWithin(one.to, other.to) || isWithin(other.to, one.to))
    refuse(`Two rules that keep paths lead to ${one.to} and ${other.to}, where their files would mix; give each a directory of its own.`)
}

/** Files that come back to where they were would be moved for ever. */
function refuseCycle(start: TierRule, rules: readonly TierRule[], refuse: Refuse): void {
  const seen = new Set<TierRule>()
  const follow = (to: Path, way: readonly Path[]): void => {
    for (const next of rules) {
      if (!isWithin(to, next.from) && !isWithin(next.from, to)) continue
      if (isWithin(next.to, start.from) || isWithin(start.from, next.to))
        refuse(`The rules lead in a circle: ${[...way, next.to].join(' to ')}. Take one of them out.`)
      if (seen.has(next)) continue
      seen.add(next)
      follow(next.to, [...way, next.to])
    }
  }
  follow(start.to, [start.from, start.to])
}
