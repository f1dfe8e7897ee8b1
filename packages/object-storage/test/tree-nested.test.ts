import { type Backend, NexusError, parsePath } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { createMemoryService, type MemoryStore } from '../src/memory-store.ts'
import type { MemoryStoreOptions } from '../src/memory-request.ts'
import type { ObjectTreeOptions } from '../src/tree/open-object-tree.ts'
import { bytes, entriesIn, failureOf, keysIn, openTree, pathsIn, putObjects, requestsOf, textOf } from './tree-kit.ts'

const at = parsePath
const descriptor = '{"marker":"nexus-repository","id":"x"}'
const parts = ['cas/ab/abcd', 'checkpoints/1-ab', 'journal/00000000000000000001', 'packs/one', 'pins/1-ab']

/** A tree with a repository at `/tree/repo`. */
async function openAround(options: MemoryStoreOptions = {}, treeOptions?: ObjectTreeOptions): Promise<{ readonly store: MemoryStore; readonly tree: Backend }> {
  const opened = openTree(options, treeOptions)
  await putObjects(opened.store, ['tree/file', 'tree/z', ...parts.map((part) => `tree/repo/${part}`)])
  await opened.store.put('tree/repo/nexus.json', bytes(descriptor))
  return opened
}

describe('a repository inside the tree', () => {
  it.each([1, 2, 3, 1000])('is shown as one closed directory, %i to a page', async (pageSize) => {
    const { tree } = await openAround({ pageSize })
    expect(await pathsIn(tree, '/', { recursive: true })).toEqual(['/tree/', '/tree/file', '/tree/repo/', '/tree/z'])
    expect(await pathsIn(tree, '/tree')).toEqual(['/tree/file', '/tree/repo/', '/tree/z'])
    for (const recursive of [true, false]) expect(await pathsIn(tree, '/tree/repo', { recursive })).toEqual([])
    for (const startAfter of ['repo/', 'repo', 'repo/journal/0']) expect(await pathsIn(tree, '/tree', { recursive: true, startAfter })).toEqual(['/tree/z'])
    expect(await pathsIn(tree, '/', { recursive: true, limit: 3 })).toEqual(['/tree/', '/tree/file', '/tree/repo/'])
    expect(await tree.stat(at('/tree/repo'))).toMatchObject({ kind: 'directory' })
    expect(await tree.usage!(at('/'))).toEqual({ files: 2, directories: 2, logicalBytes: 'tree/file'.length + 'tree/z'.length })
    expect(await tree.usage!(at('/tree/repo'))).toEqual({ files: 0, directories: 0, logicalBytes: 0 })
  })

  it('is closed also where strangers have put something beside its parts', async () => {
    const { store, tree } = await openAround({ pageSize: 2 })
    await putObjects(store, ['tree/repo/aaa/theirs', 'tree/repo/zzz', 'tree/repo/~~'])
    expect(await pathsIn(tree, '/tree/repo')).toEqual([])
    expect(await failureOf(tree.write(at('/tree/repo/new'), bytes('x')))).toMatchObject({ code: 'unsupported' })
    expect(await failureOf(tree.delete(at('/tree'), { recursive: true }))).toMatchObject({ code: 'unsupported' })
    expect(await keysIn(store)).toHaveLength(11)
  })

  it('is not read, changed, moved, copied or deleted', async () => {
    const { store, tree } = await openAround()
    const before = await keysIn(store)
    const calls: Record<string, () => Promise<unknown>> = {
      'stat below': () => tree.stat(at('/tree/repo/nexus.json')),
      'stat of what is not there': () => tree.stat(at('/tree/repo/cas/absent')),
      'list below': () => entriesIn(tree, '/tree/repo/cas/ab'),
      'usage below': () => tree.usage!(at('/tree/repo/cas')),
      read: () => tree.read(at('/tree/repo/nexus.json')),
      write: () => tree.write(at('/tree/repo/new'), bytes('x')),
      'write of a part': () => tree.write(at('/tree/repo/nexus.json'), bytes('x')),
      'write into a new directory': () => tree.write(at('/tree/repo/new/deep/file'), bytes('x')),
      mkdir: () => tree.mkdir(at('/tree/repo/new')),
      'mkdir with parents': () => tree.mkdir(at('/tree/repo/new/deep'), { recursive: true }),
      'mkdir of a part': () => tree.mkdir(at('/tree/repo/cas/new'), { recursive: true }),
      setMetadata: () => tree.setMetadata!(at('/tree/repo/nexus.json'), { colour: 'red' }),
      'delete below': () => tree.delete(at('/tree/repo/nexus.json'), { force: true }),
      'recursive delete below': () => tree.delete(at('/tree/repo/cas'), { recursive: true }),
      delete: () => tree.delete(at('/tree/repo')),
      'recursive delete': () => tree.delete(at('/tree/repo'), { recursive: true }),
      'recursive delete above': () => tree.delete(at('/tree'), { recursive: true, force: true }),
      rename: () => tree.rename!(at('/tree/repo'), at('/other'), { allowNonAtomic: true }),
      'rename above': () => tree.rename!(at('/tree'), at('/other'), { allowNonAtomic: true }),
      'rename out': () => tree.rename!(at('/tree/repo/nexus.json'), at('/out')),
      'rename into': () => tree.rename!(at('/tree/file'), at('/tree/repo/file')),
      'copy out': () => tree.copy!(at('/tree/repo/nexus.json'), at('/out')),
      'copy into': () => tree.copy!(at('/tree/file'), at('/tree/repo/file')),
      'copy over a part': () => tree.copy!(at('/tree/file'), at('/tree/repo/journal/1')),
    }
    for (const [name, call] of Object.entries(calls)) {
      const { code, reason } = await failureOf(call())
      expect([name, code, reason]).toEqual([name, 'unsupported', expect.stringContaining('Nexus repository')])
    }
    expect(await keysIn(store)).toEqual(before)
    expect(await failureOf(tree.read(at('/tree/repo')))).toMatchObject({ code: 'is_directory' })
    expect(await failureOf(tree.write(at('/tree/repo'), bytes('x')))).toMatchObject({ code: 'is_directory' })
    expect(await failureOf(tree.copy!(at('/tree/repo'), at('/other')))).toMatchObject({ code: 'is_directory' })
    expect(await failureOf(tree.mkdir(at('/tree/repo')))).toMatchObject({ code: 'already_exists' })
    await tree.mkdir(at('/tree/repo'), { recursive: true })
  })

  it('takes no directory and no versions', async () => {
    const { store, tree } = await openAround({ keepsVersions: true })
    await putObjects(store, ['docs/a'])
    expect(await failureOf(tree.rename!(at('/docs'), at('/tree/repo/docs'), { allowNonAtomic: true }))).toMatchObject({ code: 'unsupported', path: '/tree/repo/docs' })
    expect(await failureOf(Array.fromAsync(tree.versions!(at('/tree/repo/nexus.json'))))).toMatchObject({ code: 'unsupported' })
  })

  it('is named, and what to do', async () => {
    const { tree } = await openAround()
    const { path, reason } = await failureOf(tree.read(at('/tree/repo/cas/ab/abcd')))
    expect([path, reason]).toEqual(['/tree/repo/cas/ab/abcd', '"repo" is a Nexus repository of its own and is shown as one closed directory; mount it to use what is in it.'])
    expect((await failureOf(tree.delete(at('/tree'), { recursive: true }))).reason).toBe('"/tree/repo" is a Nexus repository, which is not deleted as files; nothing was deleted.')
  })

  it('cancels the body that it does not take', async () => {
    const { tree } = await openAround()
    let cancelled: unknown
    const body = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) })
    expect(await failureOf(tree.write(at('/tree/repo/journal/2'), body))).toMatchObject({ code: 'unsupported' })
    expect(cancelled).toMatchObject({ code: 'unsupported' })
  })

  it('that is made by writing its nexus.json is one from then on', async () => {
    const { tree } = openTree()
    await tree.write(at('/new/journal/1'), bytes('x'))
    await tree.write(at('/new/nexus.json'), bytes(descriptor))
    expect(await failureOf(tree.write(at('/new/journal/2'), bytes('x')))).toMatchObject({ code: 'unsupported' })
  })

  it.each(['copy', 'rename'] as const)('that is made by a %s of its nexus.json is one from then on', async (verb) => {
    const { store, tree } = openTree()
    await store.put('descriptor', bytes(descriptor))
    await tree.write(at('/new/journal/1'), bytes('x'))
    await tree[verb]!(at('/descriptor'), at('/new/nexus.json'))
    expect(await failureOf(tree.write(at('/new/journal/2'), bytes('x')))).toMatchObject({ code: 'unsupported' })
  })

  it('takes no copy from another tree of the service', async () => {
    const service = createMemoryService()
    const { tree } = await openAround({ service, name: 'memory://inner' })
    const other = openTree({ service, name: 'memory://other' })
    await putObjects(other.store, ['a'])
    for (const to of ['/tree/repo/a', '/tree/repo/journal/1']) {
      expect(await failureOf(tree.copyFrom!(other.tree.storedAt!(at('/a')), at(to)))).toMatchObject({ code: 'unsupported' })
    }
  })

  it('does not change what is said of a directory above that is not empty', async () => {
    const { tree } = await openAround()
    for (const recursive of [undefined, false]) expect(await failureOf(tree.delete(at('/tree'), { recursive }))).toMatchObject({ code: 'not_empty' })
    const { store, tree: only } = openTree()
    await store.put('up/repo/nexus.json', bytes(descriptor))
    expect(await failureOf(only.delete(at('/up')))).toMatchObject({ code: 'not_empty' })
  })

  it('that may not be read is none of ours', async () => {
    const { tree } = await openAround({
      before: ({ verb, key }) => {
        if (verb === 'get' && key === 'tree/repo/nexus.json') throw new NexusError('permission_denied')
      },
    })
    expect(await textOf(tree, '/tree/repo/cas/ab/abcd')).toBe('tree/repo/cas/ab/abcd')
  })

  it('is seen by others after freshnessMs', async () => {
    let now = 0
    const { store, tree } = openTree({}, { now: () => now, freshnessMs: 1000 })
    await tree.write(at('/new/journal/1'), bytes('x'))
    await store.put('new/nexus.json', bytes(descriptor))
    now = 999
    expect(await textOf(tree, '/new/journal/1')).toBe('x')
    now = 1000
    expect(await failureOf(tree.read(at('/new/journal/1')))).toMatchObject({ code: 'unsupported' })
  })

  it('is not looked through page by page', async () => {
    const { store, tree } = await openAround({ pageSize: 10 })
    await putObjects(store, Array.from({ length: 200 }, (_, index) => `tree/repo/journal/${index}`))
    expect(await requestsOf(store, () => entriesIn(tree, '/', { recursive: true }))).toEqual({ get: 1, list: 2 })
  })
})

describe('a directory that only looks like one', () => {
  it.each(['{"name":"nexus"}', 'no json', ''])('with %j as its nexus.json is like others', async (text) => {
    const { store, tree } = openTree()
    await store.put('theirs/nexus.json', bytes(text))
    await tree.write(at('/theirs/journal/a'), bytes('x'))
    expect(await pathsIn(tree, '/', { recursive: true })).toEqual(['/theirs/', '/theirs/journal/', '/theirs/journal/a', '/theirs/nexus.json'])
    expect(await textOf(tree, '/theirs/nexus.json')).toBe(text)
    await tree.rename!(at('/theirs'), at('/moved'), { allowNonAtomic: true })
    await tree.delete(at('/moved'), { recursive: true })
    expect(await keysIn(store)).toEqual([])
  })

  it.each([undefined, 0])('is asked once in a walk, with freshnessMs %j', async (freshnessMs) => {
    const { store, tree } = openTree({}, { freshnessMs })
    await putObjects(store, Array.from({ length: 30 }, (_, index) => `theirs/journal/${index}`))
    expect(await requestsOf(store, () => entriesIn(tree, '/', { recursive: true }))).toEqual({ get: 1, list: 1 })
  })

  it('is asked once in a while', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['theirs/journal/1', 'journal/1'])
    expect(await requestsOf(store, () => tree.stat(at('/theirs/journal/1')))).toEqual({ get: 1, head: 1 })
    expect(await requestsOf(store, () => tree.stat(at('/theirs/journal/1')))).toEqual({ head: 1 })
    expect(await requestsOf(store, () => entriesIn(tree, '/theirs'))).toEqual({ list: 1 })
    // The root of a mount is what the mount was opened as.
    expect(await requestsOf(store, () => tree.stat(at('/journal/1')))).toEqual({ head: 1 })
  })
})
