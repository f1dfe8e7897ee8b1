import { expect, it } from 'vitest'
import { chooseSeed } from '../src/model/random.ts'
import { runMoveSuite } from '../src/moves/suite.ts'

const seed = chooseSeed()

it(`a move between mounts that is killed again and again loses nothing and repeats nothing (NEXUS_SEED=${seed})`, { timeout: 300_000 }, async () => {
  const report = await runMoveSuite({ kills: 16, seed })
  expect(report.problems).toEqual([])
  expect(report.kills).toBeGreaterThanOrEqual(16)
  // What was written and not yet noted when a process died is recognised, and not written again.
  expect(report.copies).toBeLessThanOrEqual(report.files + report.kills)
  expect(report.copies).toBeGreaterThan(report.files - 8 * report.kills)
})

it('and nobody could go on with it without its journal', { timeout: 60_000 }, async () => {
  const report = await runMoveSuite({ kills: 12, seed, forgets: true })
  expect(report.problems.join()).toContain('a directory replaces nothing')
})
