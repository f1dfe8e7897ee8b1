import { openMemory } from '@nexus/backend-memory'
import { contractCases, describeBackend, runCase } from '@nexus/conformance'
import { describe, expect, it } from 'vitest'
import { openBare, openDishonest, openReadonly, openRefusing } from './broken/bare.ts'

describeBackend('memory', { open: () => openMemory() })
describeBackend('memory that declares nothing and lacks the members', { open: openBare })
describeBackend('memory that declares nothing and refuses', { open: openRefusing })
describeBackend('memory that takes no writes', { open: openReadonly })

/** Sections in which a capability decides what must happen. */
const gated = ['Ranges', 'Conditions', 'Directories', 'Rename', 'Copy', 'Append', 'Metadata', 'Versions', 'Snapshots', 'Batch', 'Changes']

describe('a backend that does what it does not declare', () => {
  for (const section of gated) {
    it(`goes red in ${section}`, async () => {
      const runs = contractCases
        .filter((contractCase) => contractCase.section === section)
        .map((contractCase) => runCase(contractCase, { open: openDishonest, patienceMs: 1_000 }))
      const outcomes = await Promise.allSettled(runs)
      expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    })
  }
})

it('asks everything of memory: only the case about reopening is skipped', async () => {
  const skipped: string[] = []
  for (const contractCase of contractCases)
    if ((await runCase(contractCase, { open: () => openMemory() })).status === 'skipped') skipped.push(contractCase.name)
  expect(skipped).toEqual(['What was acknowledged is there when the storage is opened again.'])
})
