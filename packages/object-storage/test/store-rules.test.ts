import { describe, expect, it } from 'vitest'
import { objectStoreRules } from '../../doubles/src/describe-object-store.ts'
import { openMemoryStore } from '../src/memory-store.ts'
import { sabotages } from './broken-stores.ts'

describe('a store that breaks a rule', () => {
  for (const { name, run } of objectStoreRules) {
    it(`goes red: ${name}`, async () => {
      const store = sabotages[name]?.(openMemoryStore({ keepsVersions: true }))
      if (store === undefined) return expect.unreachable('Nothing breaks this rule; add a store that does.')
      await expect(run({ store, longBytes: 2_500_000 })).rejects.toThrow()
    })
  }
})
