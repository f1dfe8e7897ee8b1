import { isNexusError } from '@nexus/core/contract'
import { type FaultAction, type GcsDouble, startGcsDouble } from '@nexus/doubles'
import type { ObjectStore } from '@nexus/object-storage'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { chunkBytes } from '../src/put-stream.ts'
import { type KeyFile, openTestStore, readAll, someBytes, streamOf, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
let double: GcsDouble
let store: ObjectStore
/** Two chunks and a rest. */
let body: Uint8Array

beforeAll(async () => {
  key = await writeKeyFile()
  body = someBytes(2 * chunkBytes + 12_345)
})
afterAll(() => key.remove())
beforeEach(async () => {
  double = await startGcsDouble()
  store = await openTestStore(double, { key })
  double.requests.clear()
})
afterEach(() => double.close())

const isChunk = ({ method, target }: { method: string; target: string }): boolean => method === 'PUT' && target.startsWith('/upload/')
const busy: FaultAction = { kind: 'answer', answer: { status: 503 } }

async function codeOf(call: Promise<unknown>): Promise<string> {
  const failure: unknown = await call.then(() => 'acknowledged', (reason: unknown) => reason)
  return isNexusError(failure) ? failure.code : String(failure)
}

/** The matcher for equality takes seconds for so many bytes. */
async function holdsBody(): Promise<boolean> {
  return Buffer.compare((await readAll(store, 'long')) ?? new Uint8Array(), body) === 0
}

it('sends what fits a chunk in one request, and more in chunks', async () => {
  await store.putStream('small', streamOf(body.subarray(0, 10), body.subarray(10, 20)))
  await store.putStream('exact', streamOf(body.subarray(0, chunkBytes)))
  expect(double.requests.records.map(({ kind }) => kind)).toEqual(['objects.insert', 'objects.insert'])
  double.requests.clear()
  await store.putStream('long', streamOf(body.subarray(0, 2 * chunkBytes)))
  expect(double.requests.records.map(({ kind }) => kind)).toEqual(['objects.insert', 'upload.continue', 'upload.continue'])
})

it.each([
  ['a lost answer to a chunk', 0, { kind: 'lose' }, 5],
  ['a lost answer to the last chunk', 2, { kind: 'lose' }, 5],
  ['a chunk that was never seen', 1, { kind: 'refuse' }, 6],
  ['a chunk that was refused with 503', 1, busy, 6],
  ['a last chunk that was refused with 503', 2, busy, 6],
] as const)('goes on after %s: it asks what the service holds, and sends the rest', async (_, skip, action, requests) => {
  double.faults.add({ when: isChunk, skip, action })
  const info = await store.putStream('long', streamOf(body))
  expect([info.sizeBytes, double.faults.struck, double.requests.count()]).toEqual([body.length, 1, requests])
  expect(await holdsBody()).toBe(true)
})

it('sends again what the service did not keep of a chunk', async () => {
  double.persistOnly(3 * 256 * 1024)
  double.persistOnly(0)
  await store.putStream('long', streamOf(body))
  expect(await holdsBody()).toBe(true)
})

it.each([
  ['refuses every chunk', 0, busy, 'unavailable'],
  ['never answers the last chunk', 2, { kind: 'lose' }, 'outcome_unknown'],
] as const)('gives up when the service %s, says so, and leaves nothing open', async (_, skip, action, code) => {
  double.faults.add({ when: (request) => isChunk(request), skip, times: 100, action })
  expect(await codeOf(store.putStream('long', streamOf(body)))).toBe(code)
  expect(double.requests.count()).toBeLessThanOrEqual(9)
  double.faults.clear()
  expect(double.openUploads()).toBe(0)
  if (code === 'unavailable') expect(await store.head('long')).toBeUndefined()
  else expect(await holdsBody()).toBe(true)
})

it('holds its condition at the end, and cancels the upload when it fails', async () => {
  const late = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(body)
    },
    pull: async (controller) => {
      await store.put('long', new Uint8Array([1]))
      controller.close()
    },
  })
  expect(await codeOf(store.putStream('long', late, { condition: 'absent' }))).toBe('precondition_failed')
  expect([await readAll(store, 'long'), double.openUploads()]).toEqual([new Uint8Array([1]), 0])
})

it.each([false, true])('does not store what arrived damaged; the first answer lost: %s', async (isLost) => {
  if (isLost) double.faults.add({ when: isChunk, skip: 2, action: { kind: 'lose' } })
  const corrupting = { ...double, fetch: damagingFetch(double.fetch) }
  const damagingStore = await openTestStore(corrupting, { key })
  expect(await codeOf(damagingStore.putStream('long', streamOf(body)))).toBe('corrupt')
  expect([await store.head('long'), double.openUploads()]).toEqual([undefined, 0])
})

/** Changes a byte of every first chunk on its way. */
function damagingFetch(fetch: GcsDouble['fetch']): GcsDouble['fetch'] {
  return async (input, init) => {
    const isFirst = new Headers(init?.headers).get('content-range')?.startsWith('bytes 0-') === true
    if (!isFirst) return fetch(input, init)
    const changed = new Uint8Array(await new Response(init?.body).arrayBuffer())
    changed[5] = (changed[5] ?? 0) ^ 1
    return fetch(input, { ...init, body: changed })
  }
}

it('sends a chunk, or a long object, again with a new token when the old one is refused', async () => {
  double.faults.add({ when: isChunk, action: { kind: 'answer', answer: { status: 401 } } })
  await store.putStream('long', streamOf(body))
  expect([double.faults.struck, await holdsBody()]).toEqual([1, true])
  double.revokeTokens()
  await store.put('long', body.subarray(0, 1_000_000))
  expect((await store.head('long'))?.sizeBytes).toBe(1_000_000)
})

it('ends with the signal in the middle of a chunk, and leaves nothing open', async () => {
  double.faults.add({ when: isChunk, skip: 1, action: { kind: 'stall', afterBytes: 0, headers: false } })
  const abort = new AbortController()
  const endless = streamOf(body, body)
  const writing = store.putStream('long', endless, { signal: abort.signal })
  setTimeout(() => {
    abort.abort(new Error('given up'))
  }, 300)
  await expect(writing).rejects.toThrow('given up')
  expect([await store.head('long'), double.openUploads()]).toEqual([undefined, 0])
})
