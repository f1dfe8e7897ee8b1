import { type S3Double, startS3Double } from '@nexus/doubles'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openS3Store, parseS3Config, type S3Store } from '../src/index.ts'
import { configFor, patterned, testContext } from './store-kit.ts'

let double: S3Double
let source: S3Store
let target: S3Store

const open = (options: Readonly<Record<string, unknown>>): Promise<S3Store> => openS3Store(parseS3Config(configFor(double, options)), testContext(), { limits: { copyBytes: 1000 } })

beforeEach(async () => {
  double = await startS3Double({ buckets: ['one', 'two'], behaviour: { minPartBytes: 1 } })
  source = await open({ bucket: 'one' })
  target = await open({ bucket: 'two' })
})
afterEach(() => double.close())

it('copies from another bucket in two requests without a byte of it passing', async () => {
  const { etag } = await source.put('odd key/ä+%', patterned(900), { contentType: 'text/x', metadata: { k: 'v' } })
  double.requests.clear()
  const copied = await target.copyFrom?.(source.storedAt!('odd key/ä+%'), 'b', { ifSourceMatch: etag })
  expect(copied).toMatchObject({ key: 'b', sizeBytes: 900, contentType: 'text/x', metadata: { k: 'v' } })
  expect(double.requests.records.map(({ kind }) => kind)).toEqual(['HeadObject', 'CopyObject'])
  expect(double.requests.bytes().received).toBe(0)
  expect(double.requests.bytes().sent).toBeLessThan(900)
  expect((await target.head('b'))?.etag).toBe(copied?.etag)
})

it('copies a large object in parts, under its conditions', async () => {
  await source.put('a', patterned(2500))
  double.requests.clear()
  expect(await target.copyFrom!(source.storedAt!('a'), 'b', { condition: 'absent' })).toMatchObject({ sizeBytes: 2500 })
  expect(double.requests.count('UploadPartCopy')).toBe(3)
  expect([double.requests.count('GetObject'), double.requests.count('UploadPart')]).toEqual([0, 0])
  await expect(target.copyFrom!(source.storedAt!('a'), 'b', { condition: 'absent' })).rejects.toMatchObject({ code: 'precondition_failed' })
  await expect(target.copyFrom!(source.storedAt!('gone'), 'b')).rejects.toMatchObject({ code: 'not_found' })
})

it('says so where it may not read there, and where the region is another', async () => {
  await source.put('secret/a', patterned(10))
  double.bucket('one').deniedPrefixes.add('secret/')
  expect(await target.copyFrom!(source.storedAt!('secret/a'), 'b')).toBeUndefined()
  const { service } = source.storedAt!('a')
  double.requests.clear()
  expect(await target.copyFrom!({ service: service.replace('us-east-1', 'eu-west-1'), container: 'one', key: 'a' }, 'b')).toBeUndefined()
  expect(double.requests.count()).toBe(0)
  expect(await target.head('b')).toBeUndefined()
})
