import { isNexusError } from '@nexus/core/contract'
import type { S3DoubleOptions } from '@nexus/doubles'
import { afterEach, describe, expect, it } from 'vitest'
import { openTestStore, patterned, streamOf, type TestStore } from './store-kit.ts'

let test: TestStore

afterEach(() => test.close())

type Behaviour = S3DoubleOptions['behaviour']
const open = async (behaviour: Behaviour, conditions = 'auto'): Promise<TestStore> => (test = await openTestStore({ double: { behaviour }, config: { conditions } }))
const unsupported = (error: unknown): boolean => isNexusError(error, 'unsupported')
const empty = new Uint8Array()

describe('at an endpoint that is not Amazon', () => {
  it('a condition is tried once before it is relied on, and the trial leaves nothing', async () => {
    const { store, double } = await open({})
    await store.put('a', empty, { condition: 'absent' })
    expect(double.requests.count()).toBe(4)
    await store.put('b', empty, { condition: 'absent' })
    expect(double.requests.count()).toBe(5)
    expect([...double.bucket().objects.keys()]).toEqual(['a', 'b'])
  })

  it.each<[string, Behaviour]>([
    ['ignores', { ifNoneMatch: 'ignores' }],
    ['does not know', { ifNoneMatch: 'not-implemented' }],
  ])('a service that %s If-None-Match overwrites nothing', async (_, behaviour) => {
    const { store, double } = await open(behaviour)
    await store.put('a', Uint8Array.of(1))
    await expect(store.put('a', empty, { condition: 'absent' })).rejects.toSatisfy(unsupported)
    await expect(store.copy('a', 'b', { condition: 'absent' })).rejects.toSatisfy(unsupported)
    await expect(store.putStream('a', streamOf(patterned(9_000_000)), { condition: 'absent' })).rejects.toSatisfy(unsupported)
    expect(double.bucket().objects.get('a')?.[0]?.bytes).toHaveLength(1)
    expect([...double.bucket().objects.keys()]).toEqual(['a'])
    expect(double.bucket().uploads.size).toBe(0)
  })

  it.each([
    ['native', true],
    ['refuses', false],
    ['ignores', false],
    ['not-implemented', false],
  ] as const)('probe finds out that If-Match is %s', async (ifMatch, match) => {
    const { store, double } = await open({ ifMatch })
    expect(store.conditions).toEqual({ absent: true, match: false })
    expect(await store.probe()).toEqual({ absent: true, match })
    expect(store.conditions).toEqual({ absent: true, match })
    expect(double.bucket().objects.size).toBe(0)
  })

  it('none and all are believed', async () => {
    const { store } = await open({}, 'none')
    await expect(store.put('a', empty, { condition: 'absent' })).rejects.toSatisfy(unsupported)
    await test.close()
    const all = await open({}, 'all')
    const { etag } = await all.store.put('a', empty, { condition: 'absent' })
    await all.store.put('a', Uint8Array.of(1), { condition: { ifMatch: etag } })
    expect(all.double.requests.count()).toBe(2)
  })
})

describe('a service that refuses x-amz-checksum-', () => {
  it('is sent none from then on, and DeleteObjects with Content-MD5', async () => {
    const { store, double } = await open({ acceptsChecksums: false, acceptsTrailers: false })
    await store.put('a', Uint8Array.of(1))
    expect(double.requests.count('PutObject')).toBe(2)
    await store.put('b', Uint8Array.of(2))
    expect(double.requests.count('PutObject')).toBe(3)
    await store.delete(['a', 'b'])
    expect([double.bucket().objects.size, double.requests.count('DeleteObjects')]).toEqual([0, 1])
  })
})
