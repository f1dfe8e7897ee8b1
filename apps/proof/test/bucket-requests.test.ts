import { expect, test } from 'vitest'
import { NexusError } from '@nexus/core'
import { at, openBucket, openInBucket } from './bucket-kit.ts'
import { noise } from './repository-kit.ts'

const freshnessMs = 2_000

test('a small file is one request, and so is a batch of 1,000', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket, { freshnessMs })
  await one.write('/first', 'makes the repository')
  bucket.count()
  await one.write('/a', 'a')
  expect(bucket.count()).toEqual({ put: 1, all: 1 })
  await one.backend.batch?.(Array.from({ length: 1_000 }, (_, number) => ({ op: 'write' as const, path: at(`/batch/${number}`), body: noise(1_000, number) })))
  expect(bucket.count()).toEqual({ put: 1, all: 1 })
  await Promise.all(Array.from({ length: 10_000 }, (_, number) => one.write(`/many/${number}`, `${number}`)))
  expect(bucket.count().all).toBeLessThanOrEqual(10)
})

test('a group has at most 8 MiB', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket, { freshnessMs })
  await one.write('/first', 'makes the repository')
  await Promise.all(Array.from({ length: 400 }, (_, number) => one.write(`/${number}`, noise(60_000, number))))
  const sizes: number[] = []
  for await (const { objects } of bucket.store.list({ prefix: 'journal/' })) sizes.push(...objects.map(({ sizeBytes }) => sizeBytes))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(8 * 1024 * 1024)
  expect(sizes.length).toBeLessThan(10)
})

test('reading within freshness asks nothing; beyond it one small question; `fresh` always asks', async () => {
  const bucket = openBucket()
  const [writer, reader] = [await openInBucket(bucket), await openInBucket(bucket, { freshnessMs })]
  await writer.write('/a', 'one')
  expect(await reader.text('/a')).toBe('one')
  bucket.count()
  for (let number = 0; number < 100; number++) await reader.backend.stat(at('/a'))
  expect(await reader.text('/a')).toBe('one')
  expect(bucket.count()).toEqual({ all: 0 })
  await writer.write('/a', 'two')
  bucket.count()
  expect(await reader.text('/a')).toBe('one')
  expect(bucket.count()).toEqual({ all: 0 })
  expect(await (await reader.backend.read(at('/a'), { fresh: true })).text()).toBe('two')
  expect(bucket.count()).toEqual({ get: 2, all: 2 })
  bucket.clock.pass(freshnessMs)
  await Promise.all(Array.from({ length: 50 }, () => reader.backend.stat(at('/a'))))
  expect(bucket.count()).toEqual({ get: 1, all: 1 })
  await writer.write('/b', 'three')
  bucket.clock.pass(freshnessMs)
  expect(await reader.text('/b')).toBe('three')
})

test('own writes are seen at once, and a look is spared by a commit', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket, { freshnessMs })
  await one.write('/a', 'a')
  bucket.clock.pass(freshnessMs)
  await one.write('/a', 'b')
  bucket.count()
  expect(await one.text('/a')).toBe('b')
  expect(bucket.count()).toEqual({ all: 0 })
})

test('what a stale view would refuse is looked at before it is refused', async () => {
  const bucket = openBucket()
  const [one, other] = [await openInBucket(bucket, { freshnessMs }), await openInBucket(bucket)]
  await one.write('/a', 'a')
  const { etag } = await one.backend.stat(at('/a'))
  await other.write('/late', 'b')
  await one.backend.delete(at('/late'))
  await other.write('/a', 'c')
  await expect(one.backend.write(at('/a'), Uint8Array.of(1), { ifMatch: etag })).rejects.toMatchObject({ code: 'precondition_failed' })
  await other.write('/late', 'again')
  await one.backend.delete(at('/late'), { force: true })
  await expect(other.text('/late')).rejects.toMatchObject({ code: 'not_found' })
  bucket.count()
  await expect(one.backend.delete(at('/never'))).rejects.toMatchObject({ code: 'not_found' })
  expect(bucket.count()).toEqual({ get: 1, all: 1 })
})

test('parts go up together, four at most, each in one request', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/first', 'makes the repository')
  let now = 0
  let most = 0
  bucket.before = async ({ verb, key }) => {
    if (verb !== 'put' || !key.startsWith('cas/')) return
    most = Math.max(most, ++now)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    now--
  }
  const bytes = noise(60 * 1024 * 1024)
  bucket.count()
  await one.backend.write(at('/large'), ReadableStream.from((function* () {
    for (let offset = 0; offset < bytes.length; offset += 1_000_000) yield bytes.subarray(offset, offset + 1_000_000)
  })()))
  expect(most).toBe(4)
  expect(bucket.count().put).toBe(9)
  expect(await one.holds('/large', bytes)).toBe(true)
})

test('pieces of a large file are read ahead, eight at most, and no further than somebody reads', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  const bytes = noise(20 * 1024 * 1024)
  await one.write('/large', bytes)
  let now = 0
  let most = 0
  bucket.before = async ({ verb, key }) => {
    if (verb !== 'get' || !key.startsWith('cas/')) return
    most = Math.max(most, ++now)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    now--
  }
  expect(await one.holds('/large', bytes)).toBe(true)
  expect(most).toBe(8)
  bucket.count()
  const reader = (await one.backend.read(at('/large'))).stream().getReader()
  await reader.read()
  await reader.cancel()
  expect(bucket.count().get).toBeLessThanOrEqual(12)
})

test('an upload whose answer is lost is done again, and an upload that fails leaves the file as it was', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  const bytes = noise(300_000)
  await one.write('/a', 'before')
  let uploads = 0
  bucket.before = ({ verb, key, after }) => {
    if (verb === 'put' && key.startsWith('cas/') && ++uploads === 1) after(() => {
      throw new NexusError('outcome_unknown')
    })
  }
  await one.write('/b', bytes)
  expect(uploads).toBe(2)
  expect(await one.holds('/b', bytes)).toBe(true)
  bucket.before = ({ verb, key }) => {
    if (verb === 'put' && key.startsWith('cas/')) throw new NexusError('unavailable')
  }
  await expect(one.write('/a', noise(300_000, 2))).rejects.toMatchObject({ code: 'unavailable' })
  expect(await one.text('/a')).toBe('before')
})

test('a reader far behind lists, and takes what it finds in few requests', async () => {
  const bucket = openBucket()
  const [writer, reader] = [await openInBucket(bucket), await openInBucket(bucket)]
  for (let number = 0; number < 200; number++) await writer.write(`/${number}`, `${number}`)
  bucket.count()
  expect(await reader.text('/199')).toBe('199')
  const { list = 0, get = 0 } = bucket.count()
  expect(list).toBeLessThanOrEqual(6)
  expect(get).toBeLessThanOrEqual(210)
})
