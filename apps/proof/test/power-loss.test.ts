import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Durability } from '@nexus/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chooseSeed, createRandom } from '../src/model/random.ts'
import { cutPower } from '../src/power-loss/cut-power.ts'
import { recordRun } from '../src/power-loss/record-run.ts'

const seed = chooseSeed()

async function problemsOf(durability: Durability, { runs, cuts, losesSyncs = false }: { runs: number; cuts: number; losesSyncs?: boolean }): Promise<string[]> {
  const problems: string[] = []
  for (let run = 0; run < runs; run++) {
    const base = mkdtempSync(join(tmpdir(), 'nexus-power-'))
    onTestFinished(() => rmSync(base, { recursive: true, force: true }))
    const random = createRandom(seed + run)
    const recording = await recordRun(base, { durability, random, losesSyncs })
    for (let cut = 0; cut < cuts; cut++) problems.push(...(await cutPower(base, recording, { durability, random })))
  }
  return problems
}

describe(`a power cut (NEXUS_SEED=${seed})`, () => {
  it('takes nothing that was acknowledged under fsync', { timeout: 120_000 }, async () => {
    expect(await problemsOf('fsync', { runs: 3, cuts: 30 })).toEqual([])
  })

  it('takes only the tail under os, and nothing torn is shown', { timeout: 120_000 }, async () => {
    expect(await problemsOf('os', { runs: 3, cuts: 30 })).toEqual([])
  })

  it('is seen to take acknowledged writes when syncs do nothing', { timeout: 120_000 }, async () => {
    expect(await problemsOf('fsync', { runs: 1, cuts: 40, losesSyncs: true })).not.toEqual([])
  })
})
