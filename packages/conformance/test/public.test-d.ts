import {
  type CaseContext,
  type CaseOptions,
  type CaseResult,
  type ContractCase,
  contractCases,
  describeBackend,
  type OpenedBackend,
  runCase,
  type SuiteOptions,
} from '@nexus/conformance'
import type { Backend } from '@nexus/core/contract'
import { expectTypeOf, test } from 'vitest'

declare const backend: Backend

test('describeBackend takes a backend, or one with its disposal, at once or later', () => {
  expectTypeOf(describeBackend).returns.toBeVoid()
  expectTypeOf<SuiteOptions['knownGaps']>().toEqualTypeOf<Readonly<Record<string, string>> | undefined>()
  describeBackend('one', { open: () => backend })
  describeBackend('one', { open: () => Promise.resolve({ backend, dispose: () => undefined }) })
  // @ts-expect-error a backend is needed
  describeBackend('none', { open: () => 'nothing' })
  // @ts-expect-error a typo is an error
  describeBackend('typo', { open: () => backend, knownGap: {} })
})

test('reopen gets what open gave', () => {
  describeBackend('one', {
    open: () => ({ backend, root: '/tmp' }),
    reopen: ({ root }) => (expectTypeOf(root).toEqualTypeOf<string>(), backend),
  })
})

test('cases can be run one by one', () => {
  expectTypeOf(contractCases).toEqualTypeOf<readonly ContractCase[]>()
  expectTypeOf<ContractCase['run']>().parameter(0).toEqualTypeOf<CaseContext>()
  expectTypeOf(runCase).returns.toEqualTypeOf<Promise<CaseResult>>()
  expectTypeOf<CaseOptions['patienceMs']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<OpenedBackend['backend']>().toEqualTypeOf<Backend>()
})
