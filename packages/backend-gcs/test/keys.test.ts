import { type GcsDouble, startGcsDouble } from '@nexus/doubles'
import type { ObjectStore } from '@nexus/object-storage'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type KeyFile, openTestStore, readAll, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
let double: GcsDouble
let store: ObjectStore

beforeAll(async () => {
  key = await writeKeyFile()
  double = await startGcsDouble()
  store = await openTestStore(double, { key })
})
afterAll(async () => {
  await double.close()
  await key.remove()
})

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const strange = ['it\'s "quoted"', ' a b ', '100%', 'a%2Fb', 'a+b&c=d?e#f', '<>|:*\\', '~`!@$^()[]{},;', 'käse', '語/😀', 'tab\t', 'bell\u0007', 'a/../b', './a', '..a', '__proto__', '\uffff', '😀']

it.each(strange)('takes the name %j as it is, in every request', async (name) => {
  const info = await store.put(name, text(name))
  expect(await readAll(store, name)).toEqual(text(name))
  expect((await store.head(name))?.key).toBe(name)
  expect((await store.copy(name, `copy ${name}`))?.sizeBytes).toBe(info.sizeBytes)
  for await (const page of store.list({ prefix: name })) expect(page.objects.map((object) => object.key)).toContain(name)
  await store.delete([name, `copy ${name}`])
  expect(await store.head(name)).toBeUndefined()
})

it.each(['', '.', '..', 'a\nb', 'a\rb', 'x'.repeat(1025), '\ud800'])('refuses the name %j before any request', async (name) => {
  double.requests.clear()
  const refused = { code: 'invalid_argument', backend: 'gcs' }
  await expect(store.put(name, text('x'))).rejects.toMatchObject(refused)
  await expect(store.get(name)).rejects.toMatchObject(refused)
  await expect(store.copy('a', name)).rejects.toMatchObject(refused)
  await expect(store.delete(['a', name])).rejects.toMatchObject(refused)
  expect(double.requests.count()).toBe(0)
})

it('keeps attributes exactly as they are: case, line breaks, every script', async () => {
  const metadata = { Mode: '755', 'a name': 'two\nlines ', язык: '語', empty: '' }
  await store.put('attributes', text('x'), { metadata, contentType: 'text/x-test; charset=utf-8' })
  const head = await store.head('attributes')
  expect(head).toMatchObject({ metadata, contentType: 'text/x-test; charset=utf-8' })
  const body = await store.get('attributes')
  await body?.stream.cancel()
  expect(body?.info).toEqual(head)
})

it('reads an object without attributes in one request, and with them in two', async () => {
  await store.put('plain', text('x'))
  double.requests.clear()
  await readAll(store, 'plain')
  expect(double.requests.records.map(({ kind }) => kind)).toEqual(['xml.get'])
  await readAll(store, 'attributes')
  expect(double.requests.count()).toBe(3)
})

it('tells that it cannot read what is stored compressed', async () => {
  const token = double.giveToken()
  const url = `${double.url}/upload/storage/v1/b/bucket/o?uploadType=media&name=packed&contentEncoding=gzip`
  await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: 'not really' })
  const object = double.bucket().objects.get('packed')?.[0]
  double.bucket().objects.set('packed', [{ ...object!, described: { contentEncoding: 'gzip' } }])
  await expect(store.get('packed')).rejects.toMatchObject({ code: 'unsupported' })
})
