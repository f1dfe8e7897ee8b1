import { expect, test } from 'vitest'
import type { Lab } from '../src/lab.ts'
import { judge, runRace } from '../src/race.ts'
import type { Contender, RaceRow } from '../src/rows/row.ts'
import { formatBytes, formatTime, median } from '../src/statistics.ts'

const lab: Lab = { scale: 'tiny', files: 0, pick: ({ tiny }) => tiny, directory: () => '/nowhere' }

/** A row whose contenders tell what they were given to tell, and write down when they ran. */
function scripted(times: Readonly<Record<string, readonly number[]>>, log: string[]): RaceRow {
  const contenders: Contender[] = Object.entries(times).map(([name, values]) => ({
    name,
    run: (round) => {
      log.push(`${name} ${round}`)
      return Promise.resolve(values[round] ?? Number.NaN)
    },
  }))
  return {
    kind: 'race',
    title: 'scripted',
    goal: 2,
    rounds: () => 3,
    open: () =>
      Promise.resolve({
        contenders,
        close: () => {
          log.push('closed')
          return Promise.resolve()
        },
      }),
  }
}

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([10, 1, 2, 100])).toBe(6)
  expect(median([7])).toBe(7)
  expect(() => median([])).toThrow(RangeError)
})

test('a race takes turns, does not count its rounds of warming up, and compares medians', async () => {
  const log: string[] = []
  const result = await runRace(scripted({ nexus: [1000, 10, 30, 20], 'node:fs': [1, 50, 90, 70], repository: [1, 5, 5, 5] }, log), lab)
  expect(result.medians).toEqual({ nexus: 20, 'node:fs': 70, repository: 5 })
  expect(result.ratio).toBe(3.5)
  expect(result.isReached).toBe(true)
  expect(log.slice(0, 6)).toEqual(['nexus 0', 'node:fs 0', 'repository 0', 'repository 1', 'node:fs 1', 'nexus 1'])
  expect(log.at(-1)).toBe('closed')
})

test('a race that breaks is closed too', async () => {
  const log: string[] = []
  const row = scripted({ nexus: [1], 'node:fs': [1] }, log)
  const breaking: RaceRow = {
    ...row,
    open: async (given) => ({ ...(await row.open(given)), contenders: [{ name: 'nexus', run: () => Promise.reject(new Error('it broke')) }] }),
  }
  await expect(runRace(breaking, lab)).rejects.toThrow('it broke')
  expect(log).toEqual(['closed'])
})

test('a goal is reached exactly at its number and not below', () => {
  expect(judge({ title: 'row', goal: 6 }, { nexus: 10, 'node:fs': 60 }).isReached).toBe(true)
  expect(judge({ title: 'row', goal: 6 }, { nexus: 10, 'node:fs': 59.9 }).isReached).toBe(false)
  expect(judge({ title: 'row' }, { nexus: 10, 'node:fs': 1 }).isReached).toBeUndefined()
  expect(() => judge({ title: 'row' }, { nexus: 10 })).toThrow('needs the contenders')
})

test('times and sizes carry their unit', () => {
  expect([formatTime(1.234), formatTime(1234), formatTime(1_234_000)]).toEqual(['1.23 us', '1.23 ms', '1.23 s'])
  expect([formatBytes(999), formatBytes(1500), formatBytes(2_500_000)]).toEqual(['999 B', '1.50 KB', '2.50 MB'])
})
