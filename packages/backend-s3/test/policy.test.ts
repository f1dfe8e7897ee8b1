import { createGate, type OpenContext } from '@nexus/core/contract'
import type { FaultAction, HttpRequest } from '@nexus/doubles'
import { openObjectTree } from '@nexus/object-storage'
import { afterEach, expect, it } from 'vitest'
import { openS3Store, parseS3Config } from '../src/index.ts'
import { configFor, openTestStore, patterned, streamOf, type TestStore, testContext } from './store-kit.ts'

let test: TestStore

afterEach(() => test.close())

const open = async (attempts: { readonly calls: number; readonly steps: number }): Promise<TestStore> =>
  (test = await openTestStore({ attempts, limits: { partBytes: 100_000 }, double: { behaviour: { minPartBytes: 1 } } }))
const long = patterned(250_000)
const lose: FaultAction = { kind: 'lose' }
const slowDown = { kind: 'answer', answer: { status: 503, body: '<Error><Code>SlowDown</Code></Error>' } } as const
const isCompletion = ({ method, target }: HttpRequest): boolean => method === 'POST' && target.includes('uploadId=')
const kinds = (): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { kind } of test.double.requests.records) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

it('a part whose answer is lost costs that part again, and not the upload, also for who repeats calls himself', async () => {
  const { store, double } = await open({ calls: 1, steps: 3 })
  double.faults.add({ when: ({ target }) => target.includes('partNumber=2'), times: 2, action: lose })
  await store.putStream('key', streamOf(long))
  expect([double.faults.struck, kinds()]).toEqual([2, { CreateMultipartUpload: 1, UploadPart: 5, CompleteMultipartUpload: 1, HeadObject: 1 }])
})

it.each([undefined, 'absent'] as const)('a completion whose answer is lost is cleared up by looking, with the condition %s', async (condition) => {
  const { store, double } = await open({ calls: 1, steps: 3 })
  double.faults.add({ when: isCompletion, action: lose })
  const info = await store.putStream('key', streamOf(long), { condition })
  expect(info).toMatchObject({ sizeBytes: long.length, etag: (await store.head('key'))?.etag })
  expect([double.faults.struck, double.bucket().uploads.size]).toEqual([1, 0])
})

it('a completion whose outcome stays unknown is not acknowledged for the object of another', async () => {
  const { store, double } = await open({ calls: 1, steps: 3 })
  await store.putStream('key', streamOf(long))
  double.faults.add({ when: isCompletion, times: 3, action: { kind: 'refuse' } })
  await expect(store.putStream('key', streamOf(long), { condition: 'absent' })).rejects.toMatchObject({ code: 'outcome_unknown' })
  expect(double.faults.struck).toBe(3)
})

it('an upload that is gone after a conflict is to be begun again', async () => {
  const { store, double } = await open({ calls: 1, steps: 3 })
  const refused = (status: number, code: string): FaultAction => ({ kind: 'answer', answer: { status, body: `<Error><Code>${code}</Code></Error>` } })
  double.faults.add({ when: isCompletion, action: refused(409, 'ConditionalRequestConflict') })
  double.faults.add({ when: isCompletion, action: refused(404, 'NoSuchUpload') })
  await expect(store.putStream('key', streamOf(long), { condition: 'absent' })).rejects.toMatchObject({ code: 'busy' })
  expect([double.faults.struck, kinds()['CompleteMultipartUpload']]).toEqual([2, 2])
})

it('what stays of a batch for a passing reason is deleted by the next attempt alone', async () => {
  const { store, double } = await open({ calls: 3, steps: 3 })
  for (const key of ['a', 'b', 'c']) await store.put(key, new Uint8Array())
  const partly: FaultAction = { kind: 'answer', answer: { status: 200, body: '<DeleteResult><Error><Key>b</Key><Code>InternalError</Code></Error></DeleteResult>' } }
  double.requests.clear()
  double.faults.add({ when: ({ target }) => target.includes('delete'), action: partly })
  await store.delete(['a', 'b'])
  expect([kinds(), await store.head('b')]).toEqual([{ DeleteObjects: 2 }, undefined])
})

it('copies and completions have the time that the service works for them besides', async () => {
  const given: number[] = []
  const startTimer: OpenContext['startTimer'] = (ms) => {
    given.push(ms)
    return () => undefined
  }
  const mebibyte = 1024 ** 2
  test = await openTestStore({ double: { believes: true }, limits: { copyBytes: 20 * mebibyte, timeoutMs: 1000 }, context: { startTimer } })
  const { store } = test
  await store.put('short', new Uint8Array(20 * mebibyte))
  await store.put('long', new Uint8Array(30 * mebibyte))
  given.length = 0
  await store.copy('short', 'a')
  expect(given).toEqual([1000, 3000])
  given.length = 0
  await store.copy('long', 'b')
  // HEAD, the beginning, two ranges, the completion, HEAD.
  expect(given).toEqual([1000, 1000, 3000, 2000, 301_000, 1000])
})

it('Retry-After holds back all who share an account, and the tree tells how the service is doing', async () => {
  const { double } = await open({ calls: 3, steps: 3 })
  const waits: number[] = []
  const closed: number[] = []
  const gate = createGate({ now: () => 0 })
  const accounts: string[] = []
  const context: OpenContext = {
    ...testContext(),
    gateFor: (account) => {
      accounts.push(account)
      return { ...gate, close: (ms) => void closed.push(ms) }
    },
    startTimer: (ms, late) => {
      // Time-outs are not what is waited for here.
      if (ms >= 60_000) return () => undefined
      waits.push(ms)
      queueMicrotask(late)
      return () => undefined
    },
  }
  const config = parseS3Config(configFor(double))
  const [one, other] = [await openS3Store(config, context), await openS3Store(config, context)]
  expect([accounts.length, new Set(accounts).size]).toEqual([2, 1])
  double.faults.add({ action: { ...slowDown, answer: { ...slowDown.answer, headers: { 'retry-after': '7' } } } })
  const tree = openObjectTree(one)
  await one.head('key')
  expect([closed, waits.includes(7000)]).toEqual([[7000], true])
  expect(tree.serviceHealth?.()).toMatchObject({ refusing: [], repetitions: 1, failures: 1, underWay: 0, latencyMs: { median: expect.any(Number) as unknown } })
  await Promise.all([one.close(), other.close()])
})
