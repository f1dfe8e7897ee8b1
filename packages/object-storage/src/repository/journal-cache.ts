import { type JournalPosition, journalStart } from '@nexus/core/contract'
import type { JournalObject } from './journal-object.ts'

const maxCachedBytes = 16 * 1024 * 1024
const maxEnds = 4_096
const staleMs = 10 * 60 * 1000

/** What this process knows of the journal: objects that it read or wrote lately, and where the journal ended when it looked. */
export class JournalCache {
  /** The furthest commit that is known to be in the journal. */
  tail: JournalPosition = journalStart
  /** How many looks in a row found something new. */
  streak = 0
  #lookedAt: number | undefined
  #bytes = 0
  readonly #objects = new Map<number, JournalObject>()
  readonly #ends = new Set<string>()
  readonly #now: () => number

  /** @param now Milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether the end was not seen for ten minutes: then the next number may have come and gone, and only a listing tells. */
  get isStale(): boolean {
    const age = this.#lookedAt === undefined ? undefined : this.#now() - this.#lookedAt
    return age === undefined || age < 0 || age > staleMs
  }

  /** Nothing stood behind the tail at this time, in milliseconds since the epoch. */
  sawEnd(at: number): void {
    this.#lookedAt = at
    this.streak = 0
  }

  get(first: number): JournalObject | undefined {
    return this.#objects.get(first)
  }

  put(object: JournalObject): void {
    this.#remember(object)
    this.#ends.add(endKey(object.end))
    if (this.#ends.size > maxEnds) this.#ends.delete(this.#ends.values().next().value ?? '')
    this.advance(object.end)
  }

  /** Takes somebody's word that commits up to here are in the journal. */
  advance(position: JournalPosition): void {
    if (position.sequence > this.tail.sequence) this.tail = position
  }

  /** Whether an object is known to end here; where not, it may go on. */
  isEnd(position: JournalPosition): boolean {
    return position.segment === 0 || this.#ends.has(endKey(position))
  }

  #remember(object: JournalObject): void {
    this.#bytes += object.bytes.length - (this.#objects.get(object.first)?.bytes.length ?? 0)
    this.#objects.delete(object.first)
    this.#objects.set(object.first, object)
    for (const [first, { bytes }] of this.#objects) {
      if (this.#bytes <= maxCachedBytes || this.#objects.size === 1) return
      this.#objects.delete(first)
      this.#bytes -= bytes.length
    }
  }
}

function endKey({ sequence, segment }: JournalPosition): string {
  return `${segment}-${sequence}`
}
