import { openMemory } from '@nexus/backend-memory'
import { contractCases, runCase } from '@nexus/conformance'
import type { Backend } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { filesBroken } from './broken/files.ts'
import { historiesBroken } from './broken/histories.ts'
import type { Mutation } from './broken/mutation.ts'
import { rangesBroken } from './broken/ranges.ts'
import { treesBroken } from './broken/trees.ts'
import { writesBroken } from './broken/writes.ts'

const mutations: Readonly<Record<string, Mutation>> = {
  ...filesBroken,
  ...rangesBroken,
  ...writesBroken,
  ...treesBroken,
  ...historiesBroken,
}
const aboutReopening = 'What was acknowledged is there when the storage is opened again.'

/** A storage that outlives its backend where that is the question: then `close` closes nothing. */
function openStorage(name: string): ReturnType<typeof openMemory> {
  const memory = openMemory()
  return name === aboutReopening ? { ...memory, close: () => Promise.resolve() } : memory
}

/** The backend given by `open`, as the same storage opened again. */
const reopen = (opened: Backend): Backend => opened

describe('each case of the contract', () => {
  for (const contractCase of contractCases) {
    const { name } = contractCase
    it(`goes red on a broken backend: ${name}`, async () => {
      const mutate = mutations[name] ?? expect.fail(`No mutation breaks "${name}"; add one to test/broken.`)
      await expect(runCase(contractCase, { open: () => openStorage(name), reopen })).resolves.toEqual({ status: 'passed' })
      await expect(runCase(contractCase, { open: () => mutate(openStorage(name)), reopen, patienceMs: 1_000 })).rejects.toThrow()
    })
  }
})

it('breaks no promise that the contract does not make', () => {
  const names = new Set(contractCases.map(({ name }) => name))
  expect(Object.keys(mutations).filter((name) => !names.has(name))).toEqual([])
})
