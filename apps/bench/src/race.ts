import type { Lab } from './lab.ts'
import type { RaceRow } from './rows/row.ts'
import { median } from './statistics.ts'

/** What came out of a race: medians in microseconds for one operation. */
export interface RaceResult {
  readonly title: string
  readonly medians: Readonly<Record<string, number>>
  /** Who did not load, with the reason. */
  readonly absent: Readonly<Record<string, string>>
  /** Whom ours is compared with. */
  readonly rival: string
  /** How many times faster than the rival ours is. */
  readonly ratio: number
  readonly goal: number | undefined
  /** `undefined` where there is no goal. */
  readonly isReached: boolean | undefined
}

/** Runs the rounds of a race, the contenders taking turns, every second round backwards; as many as a fifth of them go before, uncounted. */
export async function runRace(row: RaceRow, lab: Lab): Promise<RaceResult> {
  const { contenders, absent = {}, close } = await row.open(lab)
  try {
    const times = new Map(contenders.map(({ name }) => [name, [] as number[]]))
    const counted = row.rounds(lab)
    const uncounted = Math.ceil(counted / 5)
    for (let round = 0; round < uncounted + counted; round++) {
      for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed()) {
        // Garbage of the one before is not collected on this one's time; a whole collection would also throw compiled code away.
        globalThis.gc?.({ type: 'minor' })
        const time = await run(round)
        if (round >= uncounted) times.get(name)?.push(time)
      }
    }
    return judge(row, Object.fromEntries(Array.from(times, ([name, values]) => [name, median(values)])), absent)
  } finally {
    await close()
  }
}

/** Compares ours with its rival. */
export function judge({ title, goal, rival = 'node:fs' }: Pick<RaceRow, 'title' | 'goal' | 'rival'>, medians: Readonly<Record<string, number>>, absent: Readonly<Record<string, string>> = {}): RaceResult {
  const { nexus, [rival]: raw } = medians
  if (nexus === undefined || raw === undefined) throw new Error(`The row "${title}" needs the contenders nexus and ${rival}.`)
  const ratio = raw / nexus
  return { title, medians, absent, rival, ratio, goal, isReached: goal === undefined ? undefined : ratio >= goal }
}
