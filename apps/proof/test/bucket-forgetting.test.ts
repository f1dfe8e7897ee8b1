import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalStore } from '@nexus/backend-local'
import { NexusError } from '@nexus/core/contract'
import { backup, collectGarbage, compact, fsck, openRepository, restoreBackup, writeCheckpoint } from '@nexus/core'
import { expect, onTestFinished, test } from 'vitest'
import { at, hourMs, indexFile, openBucket, openInBucket, type ObjectStore, storesOf, type TestBucket } from './bucket-kit.ts'
import { noise } from './repository-kit.ts'

const forgetAll = { retention: { keepVersions: 1, keepMs: -1 } } as const
const dayMs = 24 * hourMs

async function objects(bucket: TestBucket): Promise<number> {
  return (await bucket.keys('cas/')).length
}

test('a dropped content is deleted a day later by the clock of the store, and nothing else is', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/gone', noise(300_000, 1))
  await one.write('/kept', noise(300_000, 2))
  await one.backend.delete(at('/gone'))
  expect(await collectGarbage(one.engine, forgetAll)).toMatchObject({ contents: 1, bytes: 0 })
  expect(await objects(bucket)).toBe(2)
  bucket.clock.pass(dayMs - 1)
  expect(await collectGarbage(one.engine, forgetAll)).toMatchObject({ bytes: 0 })
  bucket.clock.pass(1)
  expect(await collectGarbage(one.engine, forgetAll)).toMatchObject({ bytes: 300_000 })
  expect(await objects(bucket)).toBe(1)
  expect(await one.holds('/kept', noise(300_000, 2))).toBe(true)
  expect(await fsck(one.engine, { readData: true })).toMatchObject({ ok: true })
})

test('a pin keeps what was dropped after the state that it names, as long as it lives', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/gone', noise(300_000, 1))
  const pin = `pins/${String(one.engine.position.sequence).padStart(20, '0')}-reader`
  await one.backend.delete(at('/gone'))
  await collectGarbage(one.engine, forgetAll)
  bucket.clock.pass(dayMs)
  await bucket.store.put(pin, new Uint8Array(0))
  expect(await collectGarbage(one.engine, forgetAll)).toMatchObject({ bytes: 0 })
  bucket.clock.pass(hourMs)
  expect(await collectGarbage(one.engine, forgetAll)).toMatchObject({ bytes: 300_000 })
  // A state behind the drop needs nothing of it.
  await one.write('/gone', noise(300_000, 2))
  await one.backend.delete(at('/gone'))
  await collectGarbage(one.engine, forgetAll)
  bucket.clock.pass(dayMs)
  await bucket.store.put(`pins/${String(one.engine.position.sequence).padStart(20, '0')}-reader`, new Uint8Array(0))
  expect(await collectGarbage(one.engine, forgetAll)).toMatchObject({ bytes: 300_000 })
})

test('a backup pins its state while it copies, and can be restored into a bucket', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/large', noise(10_000_000, 1))
  await one.write('/small', 'small')
  const root = mkdtempSync(join(tmpdir(), 'nexus-backup-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const target = await openLocalStore({ root })
  const pins: string[][] = []
  await backup(one.engine, { ...target.contents, stage: async (...given) => {
    pins.push(await bucket.keys('pins/'))
    return target.contents.stage(...given)
  } })
  expect(pins.length).toBeGreaterThan(0)
  for (const keys of pins) expect(keys).toEqual([expect.stringMatching(/^pins\/0{19}2-[0-9a-f]{32}$/)])
  expect(await bucket.keys('pins/')).toEqual([])
  const other = openBucket()
  const stores = await storesOf(other)
  await restoreBackup(target.contents, stores)
  await expect(restoreBackup(target.contents, stores)).rejects.toMatchObject({ code: 'already_exists' })
  const restored = await openInBucket(other)
  expect(await restored.text('/small')).toBe('small')
  expect(await restored.holds('/large', noise(10_000_000, 1))).toBe(true)
  await restored.write('/new', 'goes on')
  expect(await (await openInBucket(other)).text('/new')).toBe('goes on')
  expect(await fsck(restored.engine, { readData: true })).toMatchObject({ ok: true })
  await target.journal.close()
})

test('what no commit refers to is dropped after seven days and deleted a day later; nothing known is', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/a', noise(300_000))
  const left = `cas/ab/ab${'1'.repeat(62)}`
  await bucket.store.put(left, Uint8Array.of(1, 2, 3))
  bucket.clock.pass(7 * dayMs)
  await collectGarbage(one.engine)
  bucket.clock.pass(2 * dayMs)
  await collectGarbage(one.engine)
  expect(await bucket.keys('cas/ab/')).toEqual([left])
  bucket.clock.pass(dayMs)
  expect(await collectGarbage(one.engine)).toMatchObject({ bytes: 3 })
  expect(await objects(bucket)).toBe(1)
  expect(await one.holds('/a', noise(300_000))).toBe(true)
})

test('what processes that were killed left of a look at the clock, or of a proof, goes with the garbage of a later day; the files of others stay', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  await one.write('/a', 'a')
  const hex = 'ab'.repeat(8)
  for (const key of [`nexus-clock-${hex}/`, `nexus-probe-${hex}/`, 'nexus-notes', 'nexus-clock-mine/']) await bucket.store.put(key, new Uint8Array(0))
  bucket.clock.pass(dayMs)
  await collectGarbage(one.engine)
  expect(await bucket.keys('nexus-')).toHaveLength(4)
  bucket.clock.pass(1)
  await collectGarbage(one.engine)
  expect(await bucket.keys('nexus-')).toEqual(['nexus-clock-mine/', 'nexus-notes'])
})

test('a writer that uploaded under a key which is swept before its commit stores it under another one', async () => {
  const bucket = openBucket()
  const collector = await openInBucket(bucket)
  await collector.write('/a', 'a')
  const bytes = noise(300_000)
  const writer = await openInBucket(bucket)
  // An earlier attempt left the same bytes, long ago; the sweep lists them before they are uploaded again.
  const twin = await openInBucket(openBucket())
  await twin.write('/a', bytes)
  const key = `cas/${twin.engine.hasher.digest(bytes).slice(0, 2)}/${twin.engine.hasher.digest(bytes)}`
  await bucket.store.put(key, bytes)
  bucket.clock.pass(8 * dayMs)
  bucket.before = async ({ verb, key: wanted }) => {
    if (verb !== 'put' || wanted !== key) return
    bucket.before = () => undefined
    await collectGarbage(collector.engine)
  }
  await writer.write('/b', bytes)
  expect(await bucket.keys('cas/')).toEqual([key, expect.stringMatching(new RegExp(`^${key}\\.\\d+$`))])
  bucket.clock.pass(2 * dayMs)
  expect(await collectGarbage(collector.engine)).toMatchObject({ bytes: 300_000 })
  expect(await writer.holds('/b', bytes)).toBe(true)
  expect(await collector.holds('/b', bytes)).toBe(true)
})

test('a commit that refers to a content and one that drops it never both win', async () => {
  const bucket = openBucket()
  const [writer, collector] = [await openInBucket(bucket), await openInBucket(bucket)]
  const bytes = noise(300_000)
  await writer.write('/a', bytes)
  await writer.backend.delete(at('/a'))
  bucket.before = async ({ verb, key }) => {
    if (verb !== 'put' || !key.startsWith('journal/')) return
    bucket.before = () => undefined
    expect(await collectGarbage(collector.engine, forgetAll)).toMatchObject({ contents: 1 })
  }
  await writer.write('/b', bytes)
  for (const { holds } of [writer, collector, await openInBucket(bucket)]) expect(await holds('/b', bytes)).toBe(true)
  bucket.clock.pass(2 * dayMs)
  await collectGarbage(collector.engine, forgetAll)
  expect(await writer.holds('/b', bytes)).toBe(true)
})

test('what was uploaded over 12 hours ago is looked at before a commit refers to it', async () => {
  const bucket = openBucket()
  const stores = await storesOf(bucket)
  const key = `cas/ab/ab${'1'.repeat(62)}`
  const staged = await stores.contents.stage(key, Uint8Array.of(1), { durability: 'fsync' })
  bucket.count()
  await staged.publish()
  expect(bucket.count()).toEqual({ all: 0 })
  bucket.clock.pass(12 * hourMs + 1)
  await staged.publish()
  expect(bucket.count()).toEqual({ head: 1, all: 1 })
  await bucket.store.delete([key])
  await expect(Promise.resolve(staged.publish())).rejects.toMatchObject({ code: 'busy' })
})

test('journal objects go a day after a checkpoint that covers them, and an index is made from what is left', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  for (let number = 0; number < 20; number++) await one.write(`/${number}`, `content ${number}`)
  await compact(one.engine)
  const before = (await bucket.keys('journal/')).length
  expect(before).toBeGreaterThanOrEqual(20)
  bucket.clock.pass(dayMs - 1000)
  await compact(one.engine)
  expect((await bucket.keys('journal/')).length).toBeGreaterThanOrEqual(20)
  bucket.clock.pass(2000)
  await compact(one.engine)
  expect((await bucket.keys('journal/')).length).toBeLessThan(before)
  const fresh = await openInBucket(bucket)
  for (let number = 0; number < 20; number++) expect(await fresh.text(`/${number}`)).toBe(`content ${number}`)
  expect(await fsck(fresh.engine, { readData: true })).toMatchObject({ ok: true })
})

test('however often checkpoints are written, one comes of age and few are kept', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  let oldest = 0
  for (let hour = 0; hour < 60; hour++) {
    await one.write('/a', `hour ${hour}`)
    await writeCheckpoint(one.engine)
    bucket.clock.pass(hourMs)
    const keys = await bucket.keys('checkpoints/')
    expect(keys.length).toBeLessThanOrEqual(4)
    oldest = Number(keys[0]?.slice('checkpoints/'.length, 'checkpoints/'.length + 20))
    if (hour >= 25) expect(oldest).toBeLessThanOrEqual(hour + 1 - 23)
  }
  expect(oldest).toBeGreaterThan(1)
})

/** As radosgw 16: conditions are kept of a put, and refused of a copy. */
const copiesTakeNoCondition = (store: ObjectStore): ObjectStore => ({
  ...store,
  copy: (from, to, options) => (options?.condition === undefined ? store.copy(from, to, options) : Promise.reject(new NexusError('unsupported'))),
})

test.each([
  ['', undefined],
  [' where copies take no condition', copiesTakeNoCondition],
])('a damaged object is copied aside%s, never served, and healed by writing it again', async (_, around) => {
  const bucket = openBucket()
  const one = await openInBucket(bucket, { around })
  const bytes = noise(300_000)
  await one.write('/a', bytes)
  const [key = ''] = await bucket.keys('cas/')
  await bucket.store.put(key, noise(300_000, 2))
  await expect(one.text('/a')).rejects.toMatchObject({ code: 'corrupt' })
  const [aside, ...others] = await bucket.keys('quarantine/')
  expect([aside?.replace(/~\d+$/, '~'), others]).toEqual([`quarantine/${key.replaceAll('/', '_')}~`, []])
  await expect((await openInBucket(bucket)).text('/a')).rejects.toMatchObject({ code: 'corrupt' })
  await one.write('/b', bytes)
  expect(await one.holds('/a', bytes)).toBe(true)
})

test('an object that reads wrong once is read once more, and nothing is put out of use', async () => {
  const bucket = openBucket()
  const bytes = noise(300_000)
  await (await openInBucket(bucket)).write('/a', bytes)
  let wrong = 1
  const around = (store: ObjectStore): ObjectStore => ({
    ...store,
    get: async (key, options) => {
      const body = await store.get(key, options)
      if (body === undefined || !key.startsWith('cas/') || wrong-- <= 0) return body
      return { ...body, stream: body.stream.pipeThrough(new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk.map((byte: number) => byte ^ 1)) })) }
    },
  })
  expect(await (await openInBucket(bucket, { around })).holds('/a', bytes)).toBe(true)
  expect(wrong).toBeLessThan(0)
  expect(await bucket.keys('quarantine/')).toEqual([])
})

test('an index is made from the checkpoint before one that is damaged, and from the journal behind it', async () => {
  const bucket = openBucket()
  const one = await openInBucket(bucket)
  for (let number = 0; number < 4; number++) {
    await one.write(`/${number}`, `content ${number}`)
    await writeCheckpoint(one.engine)
  }
  const newest = (await bucket.keys('checkpoints/')).at(-1) ?? ''
  await bucket.store.put(newest, noise(1_000))
  const fresh = await openInBucket(bucket)
  for (let number = 0; number < 4; number++) expect(await fresh.text(`/${number}`)).toBe(`content ${number}`)
})

test('two indexes made from the bucket alone are equal, whatever else the one was made from', async () => {
  const bucket = openBucket()
  const indexPath = indexFile()
  const stores = await storesOf(bucket)
  const first = await openRepository({ ...stores, indexPath, now: bucket.clock.now })
  await first.mkdir(at('/d'))
  await first.write(at('/d/a'), noise(300_000))
  await first.copy?.(at('/d'), at('/e'))
  await first.snapshot?.(at('/'), 'then')
  await first.delete(at('/d'), { recursive: true })
  const told = async (backend: typeof first, snapshot?: string): Promise<unknown[]> => {
    const entries: unknown[] = []
    for await (const entry of backend.list(at('/'), { recursive: true, snapshot })) entries.push(entry)
    return entries
  }
  const { backend } = await openInBucket(bucket)
  expect(await told(backend)).toEqual(await told(first))
  expect(await told(backend, 'then')).toEqual(await told(first, 'then'))
  await first.close()
})
