import type { Lab } from '../lab.ts'

/** One of those that are compared; `run` does one round in fresh directories. */
export interface Contender {
  readonly name: string
  /** @returns Microseconds for one operation. */
  readonly run: (round: number) => Promise<number>
}

/** A race under way. */
export interface OpenRace {
  readonly contenders: readonly Contender[]
  /** Those that did not load, with the reason. */
  readonly absent?: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

/** A row of interleaved rounds. */
export interface RaceRow {
  readonly kind: 'race'
  readonly title: string
  /** Whom ours is compared with; default `node:fs`. */
  readonly rival?: string
  /** How many times faster than the rival ours has to be; absent: for information. */
  readonly goal?: number
  readonly rounds: (lab: Lab) => number
  readonly open: (lab: Lab) => Promise<OpenRace>
}

/** Something measured by itself. */
export interface Fact {
  readonly title: string
  readonly value: string
  readonly goal?: string
  readonly isReached?: boolean
}

/** A row, or several, without a contender. */
export interface FactRow {
  readonly kind: 'facts'
  readonly title: string
  readonly measure: (lab: Lab) => Promise<readonly Fact[]>
}

export type Row = RaceRow | FactRow
