import { openMemory } from '@nexus/backend-memory'
import { contractCases, describeBackend, runCase } from '@nexus/conformance'
import { describe, expect, it, vi } from 'vitest'

const [first] = contractCases.filter(({ section }) => section === 'Read')
const readCase = first ?? expect.fail('There is no case about reading.')

describe('runCase', () => {
  it('closes and disposes the storage after a case that passed, and after one that failed', async () => {
    for (const isBroken of [false, true]) {
      const dispose = vi.fn()
      const memory = openMemory()
      const close = vi.fn(() => memory.close())
      const backend = { ...memory, close, ...(isBroken ? { read: () => Promise.reject(new Error('broken')) } : {}) }
      await Promise.allSettled([runCase(readCase, { open: () => ({ backend, dispose }) })])
      expect([close.mock.calls.length, dispose.mock.calls.length]).toEqual([1, 1])
    }
  })

  it('fails a case that never ends', async () => {
    const open = (): ReturnType<typeof openMemory> => ({ ...openMemory(), read: () => new Promise(() => undefined) })
    await expect(runCase(readCase, { open, patienceMs: 20 })).rejects.toThrow('did not end within 20 ms')
  })

  it('says why it skipped a case', async () => {
    const readonly = { ...openMemory(), capabilities: { ...openMemory().capabilities, readonly: true } }
    await expect(runCase(readCase, { open: () => readonly })).resolves.toEqual({ status: 'skipped', reason: 'The backend is read-only.' })
  })
})

it('refuses a known gap that is no sentence of the contract', () => {
  expect(() => describeBackend('memory', { open: () => openMemory(), knownGaps: { 'files are nice': 'a typo' } })).toThrow(
    '"files are nice"',
  )
})

const gap = '`read` gives exactly the bytes that were written.'
const openGap = (): ReturnType<typeof openMemory> => {
  if (expect.getState().currentTestName?.includes(gap) === true) throw new Error('A case with a known gap must be skipped.')
  return openMemory()
}
describeBackend('memory with a known gap', { open: openGap, knownGaps: { [gap]: 'this test wants to see it skipped' } })
