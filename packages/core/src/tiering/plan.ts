import type { Candidate } from './candidates.ts'
import type { TierRule } from './rule.ts'

/** What a plan is made from. */
export interface PlanOptions {
  readonly rule: TierRule
  /** Milliseconds since the epoch. */
  readonly now: number
  /** What `from` holds, in bytes; asked only for a rule with a capacity. */
  readonly usedBytes: () => Promise<number>
  readonly onExamined: () => void
}

/**
 * The files that a rule moves: those that its conditions select, and where that leaves it at its capacity or above, the least recently used ones
 * until it holds less. Only a capacity makes it remember what it did not take.
 */
export async function* planTier(files: AsyncIterable<Candidate>, { rule, now, usedBytes, onExamined }: PlanOptions): AsyncGenerator<Candidate> {
  const { capacityBytes } = rule
  const usedAtBegin = capacityBytes === undefined ? 0 : await usedBytes()
  let freedBytes = 0
  const left: Candidate[] = []
  for await (const file of files) {
    onExamined()
    if (isSelected(file, rule, now)) {
      freedBytes += file.sizeBytes
      yield file
    } else if (capacityBytes !== undefined) left.push(file)
  }
  if (capacityBytes === undefined) return
  for (const file of left.sort((one, other) => (one.usedAt ?? now) - (other.usedAt ?? now))) {
    if (usedAtBegin - freedBytes < capacityBytes) return
    freedBytes += file.sizeBytes
    yield file
  }
}

/** Whether all conditions of a rule hold; a rule that has only a capacity selects nothing by itself. */
function isSelected({ sizeBytes, changedAt, usedAt }: Candidate, rule: TierRule, now: number): boolean {
  const { olderThanMs, idleForMs, largerThanBytes, smallerThanBytes } = rule
  const holds = [
    olderThanMs === undefined ? undefined : changedAt !== undefined && now - changedAt >= olderThanMs,
    idleForMs === undefined ? undefined : usedAt !== undefined && now - usedAt >= idleForMs,
    largerThanBytes === undefined ? undefined : sizeBytes > largerThanBytes,
    smallerThanBytes === undefined ? undefined : sizeBytes < smallerThanBytes,
  ].filter((one) => one !== undefined)
  return holds.length > 0 && holds.every((one) => one)
}
