import { createPolicy, type ErrorCode, isNexusError, NexusError } from '@nexus/core/contract'
import { expect, test } from 'vitest'
import type { ObjectBody, ObjectStore } from '../src/object-store.ts'
import { openMemoryStore } from '../src/memory-store.ts'
import { resilient } from '../src/resilient.ts'

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)
const policy = () => createPolicy({ sleep: () => Promise.resolve() })

/** A store whose requests fail with the codes given, before they take effect. */
async function openFailing(codes: readonly ErrorCode[]): Promise<{ store: ObjectStore; sent: () => number }> {
  let sent = 0
  const inner = openMemoryStore()
  await inner.put('a', bytes)
  const store = openFrom(inner, () => {
    const code = codes[sent++]
    if (code !== undefined) throw new NexusError(code)
  })
  return { store: resilient(store, policy()), sent: () => sent }
}

function openFrom(inner: ObjectStore, before: () => void): ObjectStore {
  const first = async <T>(send: () => Promise<T>): Promise<T> => {
    before()
    return send()
  }
  return {
    ...inner,
    head: (...args) => first(() => inner.head(...args)),
    get: (...args) => first(() => inner.get(...args)),
    put: (...args) => first(() => inner.put(...args)),
  }
}

/** A store whose bodies break off after so many bytes, each time. */
function breaking(inner: ObjectStore, after: readonly number[]): { store: ObjectStore; ranges: unknown[] } {
  const ranges: unknown[] = []
  const get: ObjectStore['get'] = async (key, options) => {
    const limit = after[ranges.length]
    ranges.push(options?.range)
    const body = await inner.get(key, options)
    return body === undefined || limit === undefined ? body : { ...body, stream: ReadableStream.from(broken(body, limit)) }
  }
  return { ranges, store: resilient({ ...inner, get }, policy()) }
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

test('what asks is sent again, and so is a put without a condition', async () => {
  const { store, sent } = await openFailing(['unavailable', 'timeout'])
  expect((await store.head('a'))?.sizeBytes).toBe(1000)
  expect(sent()).toBe(3)
  const writing = await openFailing(['outcome_unknown'])
  await writing.store.put('b', bytes)
  expect(writing.sent()).toBe(2)
})

test('a put with a condition is not sent again after a lost answer, which its own object would refuse', async () => {
  const { store, sent } = await openFailing(['outcome_unknown'])
  await expect(store.put('b', bytes, { condition: 'absent' })).rejects.toSatisfy((error) => isNexusError(error, 'outcome_unknown'))
  expect(sent()).toBe(1)
  const refused = await openFailing(['rate_limited'])
  await refused.store.put('b', bytes, { condition: 'absent' })
  expect(refused.sent()).toBe(2)
})

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

test('a page that fails is asked for again, and no key is given twice or left out', async () => {
  const keys = Array.from({ length: 20 }, (_, index) => `k/${String(index).padStart(2, '0')}`)
  let requests = 0
  const inner = openMemoryStore({
    pageSize: 3,
    before: ({ verb }) => {
      if (verb === 'list' && ++requests % 3 === 2) throw new NexusError('unavailable')
    },
  })
  for (const key of [...keys, 'l/1', 'l/2', 'm']) await inner.put(key, bytes)
  const store = resilient(inner, policy())
  const pages = await Array.fromAsync(store.list({ prefix: '' }))
  expect(pages.flatMap(({ objects }) => objects.map(({ key }) => key))).toEqual([...keys, 'l/1', 'l/2', 'm'])
  const top = await Array.fromAsync(store.list({ prefix: '', delimiter: '/', pageSize: 1 }))
  expect(top.flatMap(({ objects, prefixes }) => [...prefixes, ...objects.map(({ key }) => key)])).toEqual(['k/', 'l/', 'm'])
  expect(requests).toBeGreaterThan(12)
})
