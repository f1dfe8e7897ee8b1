import { parsePath } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { openObjectTree } from '../src/tree/open-object-tree.ts'
import { bytes, entriesIn, failureOf, keysIn, openTree, putObjects, requestsOf } from './tree-kit.ts'

const at = parsePath
const many = Array.from({ length: 25 }, (_, index) => `many/${index % 5}/file-${index}`)

describe('requests', () => {
  it('stat: one for a file, two for a directory or nothing, none for the root', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['docs/a'])
    expect(await requestsOf(store, () => tree.stat(at('/docs/a')))).toEqual({ head: 1 })
    expect(await requestsOf(store, () => tree.stat(at('/docs')))).toEqual({ head: 1, list: 1 })
    expect(await requestsOf(store, () => failureOf(tree.stat(at('/absent'))))).toEqual({ head: 1, list: 1 })
    expect(await requestsOf(store, () => tree.stat(at('/')))).toEqual({})
  })

  it('list: the pages, and none for what nobody asks for', async () => {
    const { store, tree } = openTree({ pageSize: 10 })
    await putObjects(store, many)
    expect(await requestsOf(store, () => entriesIn(tree, '/', { recursive: true }))).toEqual({ list: 3 })
    expect(await requestsOf(store, () => entriesIn(tree, '/many'))).toEqual({ list: 1 })
    expect(await requestsOf(store, () => entriesIn(tree, '/', { recursive: true, limit: 5 }))).toEqual({ list: 1 })
    // An object may stand right behind the directory, under its very key.
    expect(await requestsOf(store, () => entriesIn(tree, '/', { recursive: true, startAfter: 'many/3/' }))).toEqual({ head: 1, list: 1 })
    const first = async (): Promise<unknown> => tree.list(at('/'), { recursive: true })[Symbol.asyncIterator]().next()
    expect(await requestsOf(store, first)).toEqual({ list: 1 })
    expect(await requestsOf(store, () => tree.usage!(at('/')))).toEqual({ list: 3 })
  })

  it('read: one, two for a suffix', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['a'])
    expect(await requestsOf(store, async () => (await tree.read(at('/a'))).bytes())).toEqual({ get: 1 })
    expect(await requestsOf(store, async () => (await tree.read(at('/a'), { range: { offset: 0, length: 1 } })).bytes())).toEqual({ get: 1 })
    expect(await requestsOf(store, async () => (await tree.read(at('/a'), { range: { suffix: 1 } })).bytes())).toEqual({ head: 1, get: 1 })
  })

  it('write: one, in a directory that was seen; one under ifMatch everywhere', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['docs/a', 'other/b'])
    expect(await requestsOf(store, () => tree.write(at('/docs/b'), bytes('x')))).toEqual({ list: 1, put: 1 })
    for (const name of ['b', 'c', 'd']) expect(await requestsOf(store, () => tree.write(at(`/docs/${name}`), bytes('x')))).toEqual({ put: 1 })
    const { etag } = await tree.stat(at('/other/b'))
    expect(await requestsOf(store, () => tree.write(at('/other/b'), bytes('x'), { ifMatch: etag }))).toEqual({ put: 1 })
    expect(await requestsOf(store, () => tree.write(at('/docs/long'), new Uint8Array(17 * 1024 ** 2)))).toEqual({ putStream: 1 })
  })

  it('write: one in new directories too, when those above were looked at', async () => {
    const { store, tree } = openTree()
    const made = await requestsOf(store, async () => {
      for (let index = 0; index < 100; index++) await tree.write(at(`/copy/d-${index % 10}/deep/f-${index}`), bytes('x'))
    })
    expect(made).toEqual({ list: 4, put: 100 })
    const atOnce = await requestsOf(store, () => Promise.all(Array.from({ length: 100 }, (_, index) => tree.write(at(`/more/d-${index % 10}/f-${index}`), bytes('x')))))
    expect(atOnce).toEqual({ put: 100 })
  })

  it('write: looks again after freshnessMs', async () => {
    let now = 0
    const { store, tree } = openTree({}, { now: () => now, freshnessMs: 1000 })
    await putObjects(store, ['docs/a'])
    await tree.write(at('/docs/b'), bytes('x'))
    now = 999
    expect(await requestsOf(store, () => tree.write(at('/docs/b'), bytes('x')))).toEqual({ put: 1 })
    now = 1000
    expect(await requestsOf(store, () => tree.write(at('/docs/b'), bytes('x')))).toEqual({ list: 1, put: 1 })
  })

  it('copy, rename, setMetadata move no bytes', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['a', 'docs/x', 'docs/y'])
    await tree.copy!(at('/a'), at('/b'))
    await tree.rename!(at('/b'), at('/c'))
    await tree.setMetadata!(at('/c'), { colour: 'red' })
    await tree.rename!(at('/docs'), at('/moved'), { allowNonAtomic: true })
    expect(store.requests).toMatchObject({ get: 0, put: 3 })
    expect(await keysIn(store)).toEqual(['a', 'c', 'moved/x', 'moved/y'])
  })

  it('delete of a tree: one a page, and one for the pages', async () => {
    const { store, tree } = openTree({ pageSize: 10 })
    await putObjects(store, many)
    expect(await requestsOf(store, () => tree.delete(at('/many'), { recursive: true }))).toEqual({ head: 1, list: 3, delete: 3 })
    expect(await keysIn(store)).toEqual([])
  })

  it('delete of a very large tree: what is not held in memory is listed again', async () => {
    const { store, tree } = openTree({ pageSize: 50_000 })
    for (let index = 0; index < 100_010; index++) await store.put(`many/${index}`, bytes(''))
    expect(await requestsOf(store, () => tree.delete(at('/many'), { recursive: true }))).toMatchObject({ head: 1, list: 4 })
    expect(await keysIn(store)).toEqual([])
  })

  it('what cannot be done is refused without any', async () => {
    const { store, tree } = openTree({ conditions: { absent: false, match: false } })
    const calls = (): Promise<unknown>[] => [
      tree.write(at('/a'), bytes('x'), { ifMatch: 'x' }), tree.write(at('/a'), bytes('x'), { ifNoneMatch: '*' }), tree.read(at('/a'), { version: 'x' }), tree.stat(at('/a'), { snapshot: 'x' }),
      tree.delete(at('/a'), { ifMatch: 'x' }), tree.setMetadata!(at('/a'), {}, { ifMatch: 'x' }), tree.copy!(at('/a'), at('/b'), { ifMatch: 'x' }), entriesIn(tree, '/', { snapshot: 'x' }),
    ]
    const made = await requestsOf(store, async () => {
      for (const call of calls()) expect(await failureOf(call)).toMatchObject({ code: 'unsupported' })
    })
    expect(made).toEqual({})
  })
})

describe('a directory that was seen', () => {
  it('and that somebody else removed since does not refuse a file in its place', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['docs/sub/a', 'docs/b'])
    await tree.write(at('/docs/c'), bytes('x'))
    await openObjectTree(store).delete(at('/docs/sub'), { recursive: true })
    await tree.write(at('/docs/sub'), bytes('x'))
    expect(await keysIn(store)).toEqual(['docs/b', 'docs/c', 'docs/sub'])
  })

  it('knows what was written below it', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['docs/a'])
    await tree.write(at('/docs/b'), bytes('x'))
    await tree.write(at('/docs/new/deep'), bytes('x'))
    expect(await failureOf(tree.write(at('/docs/new'), bytes('x')))).toMatchObject({ code: 'is_directory', path: '/docs/new' })
    expect(await keysIn(store)).toEqual(['docs/a', 'docs/b', 'docs/new/deep'])
  })

  it('knows the files in it, and asks again before it refuses for one', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['docs/theirs', 'docs/kept'])
    await tree.write(at('/docs/ours'), bytes('x'))
    for (const name of ['ours', 'kept']) expect(await failureOf(tree.write(at(`/docs/${name}/below`), bytes('x')))).toMatchObject({ code: 'not_directory' })
    await store.delete(['docs/theirs'])
    await tree.write(at('/docs/theirs/below'), bytes('x'))
    await tree.delete(at('/docs/ours'))
    await tree.write(at('/docs/ours/deep/below'), bytes('x'))
    expect(await keysIn(store)).toEqual(['docs/kept', 'docs/ours/deep/below', 'docs/theirs/below'])
    expect(await failureOf(tree.write(at('/docs/ours/deep'), bytes('x')))).toMatchObject({ code: 'is_directory' })
  })

  it('of more than a page is asked for each name', async () => {
    const { store, tree } = openTree({ pageSize: 2 })
    await putObjects(store, ['docs/a', 'docs/b', 'docs/c', 'docs/z/below'])
    expect(await failureOf(tree.write(at('/docs/z'), bytes('x')))).toMatchObject({ code: 'is_directory' })
    await tree.write(at('/docs/y'), bytes('x'))
    expect(await failureOf(tree.write(at('/docs/z'), bytes('x')))).toMatchObject({ code: 'is_directory' })
    expect(await failureOf(tree.write(at('/docs/c/new/below'), bytes('x')))).toMatchObject({ code: 'not_directory' })
  })
})
