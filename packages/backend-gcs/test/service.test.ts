import { type GcsDouble, startGcsDouble } from '@nexus/doubles'
import type { ObjectStore } from '@nexus/object-storage'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type KeyFile, openTestStore, readAll, someBytes, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
let double: GcsDouble
let store: ObjectStore

beforeEach(async () => {
  key = await writeKeyFile()
  double = await startGcsDouble({ rewriteBytes: 1000 })
  store = await openTestStore(double, { key, storageClass: 'nearline' })
})
afterEach(async () => {
  await double.close()
  await key.remove()
})

it('presigns URLs that the service takes, for reading and writing, and for one name', async () => {
  const url = await store.presign!("it's a/näme+%.txt", { method: 'PUT', expiresInMs: 60_000 })
  expect((await fetch(url, { method: 'PUT', body: 'hello' })).status).toBe(200)
  const reading = await store.presign!("it's a/näme+%.txt", { method: 'GET', expiresInMs: 60_000 })
  expect(await (await fetch(reading)).text()).toBe('hello')
  expect((await fetch(reading, { method: 'PUT', body: 'x' })).status).toBe(403)
  await expect(store.presign!('a', { method: 'GET', expiresInMs: 8 * 86_400_000 })).rejects.toMatchObject({ code: 'invalid_argument' })
})

it('copies in as many calls as the service needs, with attributes and storage class', async () => {
  const bytes = someBytes(3500)
  await store.put('a', bytes, { contentType: 'text/x', metadata: { k: 'v' } })
  double.requests.clear()
  expect(await store.copy('a', 'b')).toMatchObject({ key: 'b', contentType: 'text/x', metadata: { k: 'v' } })
  expect(double.requests.count('objects.rewrite')).toBe(4)
  expect(await readAll(store, 'b')).toEqual(bytes)
  expect(double.bucket().objects.get('b')?.[0]?.storageClass).toBe('NEARLINE')
})

/** An object that others have put there, with all that may be said of one. */
async function putDescribed(): Promise<Record<string, string>> {
  const described = { cacheControl: 'no-store', contentDisposition: 'inline', contentEncoding: 'gzip', contentLanguage: 'de', customTime: '2020-01-01T00:00:00Z' }
  const attributes = { name: 'a', contentType: 'text/x', metadata: { k: 'v' }, storageClass: 'COLDLINE', ...described }
  const body = `--x\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(attributes)}\r\n--x\r\nContent-Type: text/x\r\n\r\na\r\n--x--\r\n`
  const headers = { authorization: `Bearer ${double.giveToken()}`, 'content-type': 'multipart/related; boundary=x' }
  expect((await fetch(`${double.url}/upload/storage/v1/b/bucket/o?uploadType=multipart`, { method: 'POST', headers, body })).status).toBe(200)
  return described
}

it('keeps what others said of an object when it changes attributes, and when it copies to another storage class', async () => {
  const described = await putDescribed()
  const plain = await openTestStore(double, { key })
  const { etag = '' } = (await plain.head('a')) ?? {}
  await plain.copy('a', 'a', { metadata: { k: 'new' }, contentType: 'text/x', ifSourceMatch: etag, condition: { ifMatch: etag } })
  expect(double.bucket().objects.get('a')?.[0]).toMatchObject({ described, storageClass: 'COLDLINE', metadata: { k: 'new' } })
  await store.copy('a', 'b')
  expect(double.bucket().objects.get('b')?.[0]).toMatchObject({ described, storageClass: 'NEARLINE', contentType: 'text/x', metadata: { k: 'new' } })
})

it('is busy, and fails no condition that nobody gave, when the source changes between its description and its copy', async () => {
  const { etag } = await store.put('a', someBytes(10))
  const strike = (): void => double.faults.add({
    when: ({ method, target }) => method === 'GET' && target.includes('/o/a'),
    action: { kind: 'change', change: (answer) => {
      for (const object of double.bucket().objects.get('a') ?? []) object.metageneration += 1
      return answer
    } },
  })
  strike()
  await expect(store.copy('a', 'b')).rejects.toMatchObject({ code: 'busy' })
  strike()
  await expect(store.copy('a', 'b', { ifSourceMatch: etag })).rejects.toMatchObject({ code: 'precondition_failed' })
})

it('finds out a service that copies without coming further', async () => {
  await store.put('a', someBytes(10))
  const body = JSON.stringify({ done: false, rewriteToken: 'again', totalBytesRewritten: '5' })
  double.faults.add({ when: ({ target }) => target.includes('/rewriteTo/'), times: 100, action: { kind: 'answer', answer: { status: 200, body } } })
  await expect(store.copy('a', 'b')).rejects.toMatchObject({ code: 'unexpected' })
})

it('deletes 100 objects a request', async () => {
  double.requests.clear()
  await store.delete(Array.from({ length: 250 }, (_, index) => `key-${index}`))
  expect(double.requests.records.map(({ kind }) => kind)).toEqual(['batch', 'batch', 'batch'])
})

it('tells the rules by which the bucket changes objects, and that it may not look', async () => {
  double.bucket().lifecycleRules = [
    { action: { type: 'Delete' }, condition: { age: 30, matchesPrefix: ['tmp/', 'log/'] } },
    { action: { type: 'SetStorageClass', storageClass: 'COLDLINE' }, condition: { age: 90 } },
    { action: { type: 'Delete' }, condition: { numNewerVersions: 3 } },
    { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
  ]
  expect((await store.lifecycle!())?.map(({ prefix, action, afterDays }) => [prefix, action, afterDays])).toEqual([
    ['tmp/', 'expire', 30],
    ['log/', 'expire', 30],
    ['', 'archive', 90],
    ['', 'other', undefined],
    ['', 'abort-uploads', 7],
  ])
  double.bucket().hidesMetadata = true
  expect(await store.lifecycle!()).toBeUndefined()
  expect((await openTestStore(double, { key })).keepsVersions).toBe(false)
})
