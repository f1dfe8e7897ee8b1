import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parsePath } from '@nexus/core'
import { inspect, killWriters } from '../src/crash/round.ts'
import { runCrashSuite } from '../src/crash/suite.ts'
import { openTestRepository } from '../src/model/open-test-repository.ts'
import { chooseSeed, createRandom } from '../src/model/random.ts'

const seed = chooseSeed()

describe(`processes killed while they write (NEXUS_SEED=${seed})`, () => {
  it('lose nothing that was acknowledged, tear nothing and leave no garbage, in 100 kills', { timeout: 300_000 }, async () => {
    const report = await runCrashSuite({ kills: 100, seed })
    expect(report.problems).toEqual([])
    expect(report.kills).toBeGreaterThanOrEqual(100)
    // The kills struck writers that had been promised something.
    expect(report.acknowledged).toBeGreaterThan(500)
    expect(report.acknowledgedLarge).toBeGreaterThan(0)
  })

  it('are seen to break something when nothing orders them, and nothing else breaks it', { timeout: 120_000 }, async () => {
    const random = createRandom(seed)
    const outcomeWith = async (writers: number): Promise<readonly string[]> => {
      const base = mkdtempSync(join(tmpdir(), 'nexus-crash-'))
      onTestFinished(() => rmSync(base, { recursive: true, force: true }))
      const root = join(base, 'repository')
      const made = await openTestRepository(root)
      await made.backend.write(parsePath('/made'), new Uint8Array(1))
      await made.backend.close()
      const round = { root, name: 'alone', random, durability: 'os', writers, lanes: 2, death: 'random', locksAlone: true } as const
      // Writers that meet what another one broke end by themselves, which is as good a sign.
      return await killWriters(round)
        .then((dead) => inspect(round, dead))
        .catch((error: unknown) => [String(error)])
    }
    expect(await outcomeWith(1)).toEqual([])
    // Whether they meet is chance: in one round of five they do not.
    let broken: readonly string[] = []
    for (let left = 12; left > 0 && broken.length === 0; left--) broken = await outcomeWith(3)
    expect(broken).not.toEqual([])
  })

  it('are seen to lose something when they acknowledge before they commit', { timeout: 60_000 }, async () => {
    const root = mkdtempSync(join(tmpdir(), 'nexus-crash-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const round = { root, name: 'early', random: createRandom(seed), durability: 'os', writers: 1, lanes: 1, death: { step: 'after-lock', during: 'write', nth: 20 }, acknowledgesEarly: true } as const
    expect(await inspect(round, await killWriters(round))).not.toEqual([])
  })
})
