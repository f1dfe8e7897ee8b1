import { type GcsDouble, startGcsDouble } from '@nexus/doubles'
import type { ObjectStore } from '@nexus/object-storage'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type KeyFile, openTestStore, readAll, someBytes, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
let double: GcsDouble
let source: ObjectStore
let target: ObjectStore

beforeEach(async () => {
  key = await writeKeyFile()
  double = await startGcsDouble({ buckets: ['one', 'two'].map((name) => `bucket-${name}`), rewriteBytes: 1000 })
  source = await openTestStore(double, { key, bucket: 'bucket-one', prefix: 'from' })
  target = await openTestStore(double, { key, bucket: 'bucket-two', prefix: 'to' })
})
afterEach(async () => {
  await double.close()
  await key.remove()
})

it('copies from another bucket in as many calls as the service needs, without a byte of it passing', async () => {
  const bytes = someBytes(2500)
  const { etag } = await source.put('odd key/ä+%', bytes, { contentType: 'text/x', metadata: { k: 'v' } })
  double.requests.clear()
  expect(await target.copyFrom!(source.storedAt!('odd key/ä+%'), 'b', { ifSourceMatch: etag, condition: 'absent' })).toMatchObject({ key: 'b', sizeBytes: 2500, contentType: 'text/x', metadata: { k: 'v' } })
  expect([double.requests.count(), double.requests.count('objects.rewrite')]).toEqual([3, 3])
  expect(double.requests.bytes().received).toBe(0)
  expect(await readAll(target, 'b')).toEqual(bytes)
})

it('says so where it may not read there', async () => {
  await source.put('a', someBytes(10))
  double.bucket('bucket-one').deniedPrefixes = ['from/a']
  expect(await target.copyFrom!(source.storedAt!('a'), 'b')).toBeUndefined()
  expect(await target.head('b')).toBeUndefined()
  await expect(target.copyFrom!(source.storedAt!('gone'), 'b')).rejects.toMatchObject({ code: 'not_found' })
})

it('reads the attributes of the other bucket where the storage class is another', async () => {
  const { etag } = await source.put('a', someBytes(10), { contentType: 'text/x', metadata: { k: 'v' } })
  const colder = await openTestStore(double, { key, bucket: 'bucket-two', storageClass: 'nearline' })
  expect(await colder.copyFrom!(source.storedAt!('a'), 'c', { ifSourceMatch: etag })).toMatchObject({ contentType: 'text/x', metadata: { k: 'v' } })
  expect(double.bucket('bucket-two').objects.get('c')?.[0]?.storageClass).toBe('NEARLINE')
})
