import { type GcsDouble, startGcsDouble } from '@nexus/doubles'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { gcsBackend } from '../src/definition.ts'
import { type KeyFile, openTestStore, testContext, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
let double: GcsDouble

beforeEach(async () => {
  key = await writeKeyFile()
  double = await startGcsDouble()
})
afterEach(async () => {
  await double.close()
  await key.remove()
})

it('tells an empty bucket from one with objects, and opens it as storage of a repository', async () => {
  const config = gcsBackend.parseConfig({ bucket: 'bucket', endpoint: double.url, credentialsPath: key.path })
  const context = testContext(double)
  expect(await gcsBackend.detectLayout?.(config, context)).toBe('empty')
  const stores = await gcsBackend.openStore?.(config, context)
  expect(await stores?.journal.readDescriptor()).toBeUndefined()
  await stores?.journal.close()
  const store = await openTestStore(double, { key })
  await store.put('a', new Uint8Array([1]))
  expect(await gcsBackend.detectLayout?.(config, context)).toBe('path')
})
