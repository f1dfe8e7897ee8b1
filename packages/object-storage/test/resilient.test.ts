import { isNexusError, NexusError } from '@nexus/core/contract'
import { expect, test } from 'vitest'
import type { ObjectBody, ObjectStore } from '../src/object-store.ts'
import { openMemoryStore } from '../src/memory-store.ts'
import { resilient } from '../src/resilient.ts'

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)
/** A store whose bodies break off after so many bytes, each time. */
function breaking(inner: ObjectStore, after: readonly number[]): { store: ObjectStore; ranges: unknown[] } {
  const ranges: unknown[] = []
  const get: ObjectStore['get'] = async (key, options) => {
    const limit = after[ranges.length]
    ranges.push(options?.range)
    const body = await inner.get(key, options)
    return body === undefined || limit === undefined ? body : { ...body, stream: ReadableStream.from(broken(body, limit)) }
  }
  return { ranges, store: resilient({ ...inner, get }) }
}

async function* broken(body: ObjectBody, limit: number): AsyncGenerator<Uint8Array> {
  const whole = await collect(body)
  yield whole.subarray(0, limit)
  throw new NexusError('unavailable', { reason: 'The connection was reset.' })
}

async function collect(body: ObjectBody | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body?.stream ?? []) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

test('a body that breaks off is gone on with where it ended', async () => {
  const inner = openMemoryStore()
  await inner.put('a', bytes)
  const { store, ranges } = breaking(inner, [300, 200])
  expect(await collect(await store.get('a', { range: { offset: 100, length: 800 } }))).toEqual(bytes.subarray(100, 900))
  expect(ranges).toEqual([{ offset: 100, length: 800 }, { offset: 400, length: 500 }, { offset: 600, length: 300 }])
})

test('a body that breaks off again and again fails, and never ends early', async () => {
  const inner = openMemoryStore()
  await inner.put('a', bytes)
  const { store } = breaking(inner, [10, 10, 10, 10])
  await expect(collect(await store.get('a'))).rejects.toThrow('The connection was reset.')
})

test('a body whose object was replaced meanwhile is not mended with the bytes of another', async () => {
  const inner = openMemoryStore()
  await inner.put('a', bytes)
  const { store } = breaking(inner, [300])
  const body = await store.get('a')
  await inner.put('a', bytes.toReversed())
  await expect(collect(body)).rejects.toSatisfy((error) => isNexusError(error, 'precondition_failed'))
})

test('a body that is long may break off more often', async () => {
  const inner = openMemoryStore()
  const long = new Uint8Array(150 * 1024 ** 2)
  await inner.put('a', long)
  const { store, ranges } = breaking(inner, [70 * 1024 ** 2, 1, 70 * 1024 ** 2, 1])
  expect((await collect(await store.get('a'))).length).toBe(long.length)
  expect(ranges).toHaveLength(5)
})

test('a body that nobody reads, or not to its end, is let go', async () => {
  const cancelled: unknown[] = []
  const inner = openMemoryStore()
  await inner.put('a', bytes)
  const get: ObjectStore['get'] = async (key, options) => {
    const body = await inner.get(key, options)
    return body && { ...body, stream: new ReadableStream({ pull: (controller) => controller.enqueue(bytes.subarray(0, 10)), cancel: (reason) => void cancelled.push(reason) }, { highWaterMark: 0 }) }
  }
  const store = resilient({ ...inner, get })
  await (await store.get('a'))?.stream.cancel('unread')
  const reader = (await store.get('a'))?.stream.getReader()
  await reader?.read()
  await reader?.cancel('enough')
  expect(cancelled).toEqual(['unread', 'enough'])
})
