import type { Backend } from '@nexus/core/contract'
import { describe, it } from 'vitest'
import { contractCases } from './contract-cases.ts'
import { type CaseOptions, type OpenedBackend, runCase } from './run-case.ts'

/** What the suite is told about a backend. */
export interface SuiteOptions<O extends Backend | OpenedBackend = Backend | OpenedBackend> extends CaseOptions<O> {
  /** Sentences that the backend does not keep, each with the reason; they are skipped where everyone sees it. */
  readonly knownGaps?: Readonly<Record<string, string>> | undefined
}

/**
 * Declares one vitest case for each sentence of the contract (`docs/contract.md`).
 * @throws Error when `knownGaps` names a sentence that is not in the contract.
 */
export function describeBackend<O extends Backend | OpenedBackend>(name: string, options: SuiteOptions<O>): void {
  const { knownGaps = {}, ...caseOptions } = options
  checkGaps(knownGaps)
  const testTimeoutMs = 2 * (options.patienceMs ?? 10_000)
  describe(`${name} keeps the contract`, () => {
    for (const contractCase of contractCases) {
      const gap = Object.hasOwn(knownGaps, contractCase.name) ? knownGaps[contractCase.name] : undefined
      it(contractCase.name, { timeout: testTimeoutMs }, async ({ skip }) => {
        if (gap !== undefined) skip(`known gap: ${gap}`)
        const result = await runCase(contractCase, caseOptions)
        if (result.status === 'skipped') skip(result.reason)
      })
    }
  })
}

function checkGaps(knownGaps: Readonly<Record<string, string>>): void {
  const names = new Set(contractCases.map((contractCase) => contractCase.name))
  const unknownName = Object.keys(knownGaps).find((gap) => !names.has(gap))
  if (unknownName !== undefined)
    throw new Error(`knownGaps names "${unknownName}", which is no sentence of the contract; copy it from docs/contract.md.`)
}
