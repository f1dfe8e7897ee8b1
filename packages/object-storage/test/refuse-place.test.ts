import { NexusError, parsePath } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { detectLayout } from '../src/detect-layout.ts'
import type { StoreRequest } from '../src/memory-request.ts'
import { type MemoryStore, openMemoryStore } from '../src/memory-store.ts'
import type { ObjectStore } from '../src/object-store.ts'
import { openBucketStores } from '../src/repository/open-bucket-stores.ts'
import { resilient } from '../src/resilient.ts'
import { mountObjectTree } from '../src/tree/open-object-tree.ts'
import { withPrefix } from '../src/with-prefix.ts'
import { bytes, failureOf, requestsOf, textOf } from './tree-kit.ts'

const descriptor = '{"marker":"nexus-repository","id":"x"}'
const commit = 'journal/00000000000000000001'

async function bucketWith(objects: Readonly<Record<string, string>>, before?: (request: StoreRequest) => void): Promise<MemoryStore> {
  let isFilled = false
  const store = openMemoryStore({ before: (request) => (isFilled ? before?.(request) : undefined) })
  for (const [key, text] of Object.entries(objects)) await store.put(key, bytes(text))
  isFilled = true
  return store
}

/** Each way in which a place is opened; what it opens is closed by nobody else. */
const ways: Readonly<Record<string, (store: ObjectStore) => Promise<unknown>>> = {
  'layout path': (store) => mountObjectTree(resilient(store), { now: Date.now }),
  'layout cas': (store) => openBucketStores(store, { now: Date.now, random: (array) => array, delay: () => Promise.resolve() }),
  detectLayout: (store) => detectLayout(store),
}

describe.each(Object.entries(ways))('%s', (_, open) => {
  it.each([
    ['memory://bucket', 'nexus.json', descriptor],
    ['memory://bucket/a', 'a/nexus.json', descriptor],
    ['memory://bucket/a/b', 'a/b/nexus.json', descriptor],
    ['memory://bucket/a', `a/${commit}`, 'NXR1 and so on'],
  ])('is refused below the repository %s, by %s', async (place, key, text) => {
    const store = withPrefix(await bucketWith({ [key]: text }), 'a/b/c/')
    const { code, op, reason } = await failureOf(open(store))
    expect([code, op, reason]).toEqual(['invalid_config', 'mount', `It lies in the Nexus repository "${place}"; mount that one instead.`])
  })

  it('names the nearest of several, also for a prefix within a prefix', async () => {
    const objects = { 'nexus.json': descriptor, 'a/nexus.json': descriptor }
    expect((await failureOf(open(withPrefix(withPrefix(await bucketWith(objects), 'a/'), 'b/')))).reason).toContain('"memory://bucket/a"')
    expect((await failureOf(open(withPrefix(withPrefix(await bucketWith(objects), 'x/'), 'y/')))).reason).toContain('"memory://bucket"')
  })

  it('goes on beside a repository, and below files of others that are named alike', async () => {
    const objects = { 'a/nexus.json': '{"marker":"sonatype"}', 'nexus.json': 'no json', [commit]: 'dear diary', 'a/b/nexus.json/x': 'x', 'ab/nexus.json': descriptor, 'a/b/d/nexus.json': descriptor }
    await open(withPrefix(await bucketWith(objects), 'a/b/c/'))
  })

  it('goes on where one may not look above, and fails where the service does', async () => {
    const fail = (code: 'permission_denied' | 'unavailable') => ({ key }: StoreRequest): void => {
      if (!key.startsWith('a/b/')) throw new NexusError(code)
    }
    await open(withPrefix(await bucketWith({}, fail('permission_denied')), 'a/b/'))
    expect(await failureOf(open(withPrefix(await bucketWith({}, fail('unavailable')), 'a/b/')))).toMatchObject({ code: 'unavailable' })
  })

  it('asks nothing above without a prefix, and all places at the same time', async () => {
    let under = 0
    let most = 0
    const wait = async (): Promise<void> => {
      most = Math.max(most, (under += 1))
      await new Promise((resolve) => void setImmediate(resolve))
      under -= 1
    }
    const bucket = openMemoryStore({ before: wait })
    const alone = await requestsOf(bucket, () => open(bucket))
    expect(Object.values(alone).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(3)
    most = 0
    const below = await requestsOf(bucket, () => open(withPrefix(bucket, 'a/b/c/')))
    expect(below).toEqual({ ...alone, get: (alone['get'] ?? 0) + 3, list: (alone['list'] ?? 0) + 3 })
    expect(most).toBeGreaterThanOrEqual(6)
  })
})

describe('a place that is refused', () => {
  it('is a repository itself, for layout path only', async () => {
    for (const prefix of ['', 'a/']) {
      const store = withPrefix(await bucketWith({ [`${prefix}nexus.json`]: descriptor }), prefix)
      expect(await failureOf(ways['layout path']!(store))).toMatchObject({ code: 'invalid_config', reason: 'It is a Nexus repository; mount it with layout=cas, or without a layout.' })
      const again = withPrefix(await bucketWith({ [`${prefix}nexus.json`]: descriptor }), prefix)
      expect(await detectLayout(again)).toBe('cas')
      await ways['layout cas']!(again)
    }
  })

  it.each(['layout path', 'layout cas'])('is closed: %s', async (way) => {
    let isClosed = false
    const store = withPrefix({ ...(await bucketWith({ 'nexus.json': descriptor })), close: () => Promise.resolve(void (isClosed = true)) }, 'a/')
    await failureOf(ways[way]!(store))
    expect(isClosed).toBe(true)
  })

  it('is asked once: calls on the mount ask nothing above', async () => {
    const bucket = await bucketWith({ 'a/file': 'x' })
    const tree = await mountObjectTree(withPrefix(bucket, 'a/'), { now: Date.now })
    expect(await requestsOf(bucket, () => textOf(tree, '/file'))).toEqual({ get: 1 })
    expect(await requestsOf(bucket, () => tree.stat(parsePath('/file')))).toEqual({ head: 1 })
  })
})
