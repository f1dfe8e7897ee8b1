import { describe, expect, it } from 'vitest'
import { parsePath } from '../contract/paths.ts'
import type { Candidate } from './candidates.ts'
import { planTier } from './plan.ts'
import type { TierRule } from './rule.ts'

function file(name: string, { sizeBytes = 10, changedAt, usedAt = changedAt }: { sizeBytes?: number; changedAt?: number | undefined; usedAt?: number | undefined }): Candidate {
  const path = parsePath(`/a/${name}`)
  return { stat: { path, kind: 'file', metadata: {} }, path, to: parsePath(`/b/${name}`), sizeBytes, changedAt, usedAt }
}

async function planned(files: readonly Candidate[], rule: Partial<TierRule>, usedBytes = 0): Promise<string[]> {
  async function* each(): AsyncGenerator<Candidate> {
    yield* files
    await Promise.resolve()
  }
  const whole: TierRule = { from: parsePath('/a'), to: parsePath('/b'), paths: 'keep', ...rule }
  const names: string[] = []
  for await (const { path } of planTier(each(), { rule: whole, now: 1000, usedBytes: () => Promise.resolve(usedBytes), onExamined: () => undefined })) names.push(path.slice(3))
  return names
}

describe('a plan', () => {
  const files = [file('old', { changedAt: 100 }), file('read', { changedAt: 100, usedAt: 950 }), file('new', { changedAt: 900 }), file('unknown', {})]

  it('takes files by their last change, and none of which that is not known', async () => {
    expect(await planned(files, { olderThanMs: 500 })).toEqual(['old', 'read'])
    expect(await planned(files, { olderThanMs: 900 })).toEqual(['old', 'read'])
    expect(await planned(files, { olderThanMs: 901 })).toEqual([])
  })

  it('takes files by their last use', async () => {
    expect(await planned(files, { idleForMs: 500 })).toEqual(['old'])
  })

  it('takes files for which all conditions hold', async () => {
    const sizes = [file('small', { sizeBytes: 1, changedAt: 0 }), file('middle', { sizeBytes: 5, changedAt: 0 }), file('large', { sizeBytes: 9, changedAt: 0 })]
    expect(await planned(sizes, { largerThanBytes: 1, smallerThanBytes: 9 })).toEqual(['middle'])
    expect(await planned(sizes, { largerThanBytes: 1, olderThanMs: 2000 })).toEqual([])
  })

  it('takes the least recently used until less than the capacity is held, and not one more', async () => {
    expect(await planned(files, { capacityBytes: 40 }, 39)).toEqual([])
    expect(await planned(files, { capacityBytes: 40 }, 40)).toEqual(['old'])
    expect(await planned(files, { capacityBytes: 25 }, 40)).toEqual(['old', 'new'])
    expect(await planned(files, { capacityBytes: 0 }, 40)).toEqual(['old', 'new', 'read', 'unknown'])
  })

  it('counts what its conditions take before it looks at the capacity', async () => {
    expect(await planned(files, { olderThanMs: 500, capacityBytes: 30 }, 40)).toEqual(['old', 'read'])
  })
})
