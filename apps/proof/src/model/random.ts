/** Numbers that follow from a seed alone. */
export interface Random {
  /** From 0 up to, and without, `below`. */
  int(below: number): number
  pick<T>(items: readonly T[]): T
  /** Whether something of this probability (0 to 1) happens. */
  chance(probability: number): boolean
}

/** The generator mulberry32: 32 bits of state, enough for choosing what happens next. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const int = (below: number): number => Math.floor(next() * below)
  return {
    int,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[int(items.length)]
      if (item === undefined) throw new RangeError('There is nothing to pick from.')
      return item
    },
  }
}

/** A seed from `NEXUS_SEED`, or a new one; tests print it, so that a red run can be repeated. */
export function chooseSeed(given: string | undefined = process.env['NEXUS_SEED']): number {
  if (given === undefined) return Math.floor(Math.random() * 0x1_0000_0000)
  const seed = Number(given)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`A seed is a whole number from 0 on, not "${given}".`)
  return seed
}
