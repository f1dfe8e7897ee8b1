import { openMemory } from '@nexus/backend-memory'
import { type Backend, createSlimNexusFS, type FileContent, NexusError, type SlimNexusFS, type SyncAction, type SyncProgress } from '@nexus/core'
import { createMemoryService, openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { describe, expect, it } from 'vitest'
import { fails, isPending, kernelWith } from './kernel-support.ts'
import { countWrites, openKinds, openPair, snapshotOf, told } from './sync-tree-kit.ts'

async function planted(fs: SlimNexusFS, files: Record<string, string>): Promise<SlimNexusFS> {
  for (const [path, text] of Object.entries(files)) await (path.endsWith('/') ? fs.mkdir(path, { recursive: true }) : fs.write(path, text))
  return fs
}

/** Memory whose listings and stats tell what is given instead. */
function telling(change: (path: string) => object, inner: Backend = openMemory()): Backend & { reads: number } {
  const backend = {
    ...inner,
    reads: 0,
    stat: async (...args: Parameters<Backend['stat']>) => ({ ...(await inner.stat(...args)), ...change(args[0]) }),
    async *list(...args: Parameters<Backend['list']>) {
      for await (const entry of inner.list(...args)) yield entry.kind === 'file' ? { ...entry, ...change(entry.path) } : entry
    },
    read: (...args: Parameters<Backend['read']>) => (backend.reads++, inner.read(...args)),
  }
  return backend
}

describe('a dry run', () => {
  it('writes nothing at either place, and tells what is to be done', async () => {
    const [source, target] = [countWrites(openMemory()), countWrites(openMemory())]
    const fs = await planted(await openPair({ source: source.backend, target: target.backend }), {
      '/from/new': '1', '/from/same': '2', '/from/kind/a': '3', '/from/empty/': '', '/from/file': '4', '/to/same': '2', '/to/kind': 'x', '/to/file/x': 'y', '/to/old/z': 'z',
    })
    source.writes.length = target.writes.length = 0
    const actions: SyncAction[] = []
    expect(await fs.syncTree('/from', '/to', { delete: true, dryRun: true, onAction: (action) => actions.push(action) })).toMatchObject({ files: 3, deleted: 5, directories: 1, unchanged: 1 })
    expect([...source.writes, ...target.writes]).toEqual([])
    expect(told(actions)).toEqual(['copy /to/file', 'copy /to/kind/a', 'copy /to/new', 'delete /to/file/', 'delete /to/file/x', 'delete /to/kind', 'delete /to/old/', 'delete /to/old/z', 'mkdir /to/empty/'])
  })
})

describe('what is the same', () => {
  const early = new Date('2026-01-01T00:00:00.500Z')
  const late = new Date('2026-01-01T00:00:02.500Z')
  const unread = { digest: undefined }

  it('is told by size and a later time without reading, and an earlier time is copied', async () => {
    const source = telling(() => ({ ...unread, modifiedAt: early }))
    const target = telling((path) => ({ ...unread, modifiedAt: path.includes('older') ? new Date(0) : late }))
    const fs = await planted(await openPair({ source, target }), { '/from/a': 'one', '/from/older': 'one', '/to/a': 'two', '/to/older': 'two' })
    source.reads = target.reads = 0
    expect(await fs.syncTree('/from', '/to')).toMatchObject({ files: 1, unchanged: 1 })
    // One was copied and read back for its digest.
    expect([source.reads, target.reads]).toEqual([1, 1])
    expect([await fs.readText('/to/a'), await fs.readText('/to/older')]).toEqual(['two', 'one'])
    expect(await fs.syncTree('/from', '/to', { checksum: true })).toMatchObject({ files: 1 })
    expect(await fs.readText('/to/a')).toBe('one')
  })

  it('is read where the times are too close, whole seconds standing for all of them, and where no size is told', async () => {
    const source = telling(() => ({ ...unread, modifiedAt: new Date('2026-01-01T00:00:02.000Z') }))
    const fs = await planted(await openPair({ source, target: telling(() => ({ ...unread, modifiedAt: late })) }), { '/from/a': 'one', '/to/a': 'two', '/from/b': 'same', '/to/b': 'same' })
    expect(await fs.syncTree('/from', '/to')).toMatchObject({ files: 1, unchanged: 1 })
    const sizeless = telling(() => ({ ...unread, sizeBytes: undefined, modifiedAt: early }))
    const other = await planted(await openPair({ source: sizeless, target: telling(() => ({ modifiedAt: late })) }), { '/from/a': 'one', '/to/a': 'two', '/from/b': 'same', '/to/b': 'same' })
    expect(await other.syncTree('/from', '/to')).toMatchObject({ files: 1, unchanged: 1 })
  })

  it('is told by digests where both places keep one, whatever the times are, and nothing is read', async () => {
    const source = telling(() => ({ modifiedAt: late }), (await openKinds('cas', 'cas')).backend)
    const fs = createSlimNexusFS(source)
    await planted(fs, { '/from/a': 'one', '/from/b': 'same' })
    await planted(fs, { '/to/a': 'two', '/to/b': 'same' })
    source.reads = 0
    expect(await fs.syncTree('/from', '/to', { checksum: true, dryRun: true })).toMatchObject({ files: 1, unchanged: 1 })
    expect(source.reads).toBe(0)
  })

  it('brings metadata along without the content, and with it', async () => {
    const fs = await openKinds('path', 'cas')
    await fs.write('/from/run', '#!', { contentType: 'text/x', metadata: { mode: '755', of: 'me' } })
    await fs.syncTree('/from', '/to')
    expect(await fs.stat('/to/run')).toMatchObject({ contentType: 'text/x', metadata: { mode: '755', of: 'me' } })
    await fs.setMetadata('/from/run', { of: 'you', mode: null, by: 'me' })
    expect(await fs.syncTree('/from', '/to', { checksum: true })).toMatchObject({ files: 0, updated: 1 })
    expect((await fs.stat('/to/run')).metadata).toEqual({ of: 'you', by: 'me' })
    expect(await fs.syncTree('/from', '/to', { checksum: true })).toMatchObject({ files: 0, updated: 0 })
  })
})

describe('a source that changes meanwhile', () => {
  it('is copied in its newer state', async () => {
    const source = openMemory()
    let changes = 0
    const changing: Backend = {
      ...source,
      read: async (path, options) => {
        if (changes++ === 0) await source.write(path, new TextEncoder().encode('newer'))
        return await source.read(path, options)
      },
    }
    const fs = await planted(await openPair({ source: changing }), { '/from/a': 'older' })
    expect(await fs.syncTree('/from', '/to')).toMatchObject({ files: 1, failed: 0 })
    expect(await fs.readText('/to/a')).toBe('newer')
  })

  it('that never rests is told as failed, and what vanished is not missed', async () => {
    const source = openMemory()
    let state = 0
    const changing: Backend = {
      ...source,
      read: async (path, options) => {
        await (path === '/gone' ? source.delete(path) : source.write(path, new TextEncoder().encode(`state ${state++}`)))
        return await source.read(path, options)
      },
    }
    const fs = await planted(await openPair({ source: changing }), { '/from/a': '', '/from/gone': '' })
    const result = await fs.syncTree('/from', '/to')
    expect(result).toMatchObject({ files: 0, failed: 1 })
    expect(result.failures.map(({ path, code }) => [path, code])).toEqual([['/from/a', 'precondition_failed']])
  })
})

describe('a failure', () => {
  it('of one file keeps nothing from the others, is told with its path, and nothing is deleted', async () => {
    const target = openMemory()
    const broken: Backend = { ...target, write: (path, ...rest) => (path === '/b' ? Promise.reject(new NexusError('permission_denied', { path })) : target.write(path, ...rest)) }
    const fs = await planted(await openPair({ target: broken }), { '/from/a': '1', '/from/b': '2', '/from/c': '3', '/to/old': 'x' })
    const result = await fs.syncTree('/from', '/to', { delete: true })
    expect(result).toMatchObject({ files: 2, failed: 1, deleted: 0 })
    expect(result.failures[0]).toMatchObject({ path: '/to/b', code: 'permission_denied' })
    expect(await snapshotOf(fs, '/to')).toEqual({ a: '1', c: '3', old: 'x' })
  })

  it('of the whole storage ends it', async () => {
    const target = openMemory()
    const broken: Backend = { ...target, write: (path) => Promise.reject(new NexusError('no_space', { path })) }
    const fs = await planted(await openPair({ target: broken }), { '/from/a': '1', '/from/b': '2' })
    await fails(fs.syncTree('/from', '/to'), 'no_space')
  })
})

describe('names of another kind', () => {
  it('are replaced where nothing is lost but a file; a directory with something in it needs delete', async () => {
    const fs = await planted(await openPair(), { '/from/a': 'file', '/from/b': 'file', '/from/c/x': 'x', '/to/a/': '', '/to/b/kept': '1', '/to/c': 'file', '/to/b-': 'x' })
    const result = await fs.syncTree('/from', '/to')
    expect(result.failures.map(({ path, code }) => [path, code])).toEqual([['/to/b', 'is_directory']])
    expect(await snapshotOf(fs, '/to')).toEqual({ a: 'file', 'b/': '', 'b/kept': '1', 'b-': 'x', 'c/': '', 'c/x': 'x' })
    expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ failed: 0, files: 1, deleted: 3 })
    expect(await snapshotOf(fs, '/to')).toEqual({ a: 'file', b: 'file', 'c/': '', 'c/x': 'x' })
  })

  it('stay where the filter leaves something out of what is in the way', async () => {
    const fs = await planted(await openPair(), { '/from/b': 'file', '/to/b/kept.log': '1', '/to/b/gone': '2' })
    const result = await fs.syncTree('/from', '/to', { delete: true, filter: [{ exclude: '*.log' }] })
    expect(result.failures.map(({ code }) => code)).toEqual(['is_directory'])
    expect(await snapshotOf(fs, '/to')).toEqual({ 'b/': '', 'b/kept.log': '1' })
  })
})

describe('delete', () => {
  it('touches no mount point, and no mount below unless asked', async () => {
    const fs = createSlimNexusFS(await kernelWith({ '/from': undefined, '/to': undefined, '/to/below/mount': undefined }))
    await planted(fs, { '/from/a': '1', '/to/old': 'x', '/to/below/x': 'x', '/to/below/mount/x': 'x' })
    expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ deleted: 2, failed: 0 })
    expect(await fs.exists('/to/below/mount/x')).toBe(true)
    expect(await fs.syncTree('/from', '/to', { delete: true, crossMounts: true })).toMatchObject({ deleted: 1, failed: 0 })
    expect(await fs.exists('/to/below/mount')).toBe(true)
  })

  it('takes nothing away for a source that holds nothing, unless told', async () => {
    const fs = await planted(await openPair(), { '/to/a': '1' })
    expect((await fs.syncTree('/from', '/to', { delete: true })).failures.map(({ code }) => code)).toEqual(['precondition_failed'])
    expect(await fs.exists('/to/a')).toBe(true)
    expect(await fs.syncTree('/from', '/to', { delete: true, allowEmptySource: true })).toMatchObject({ deleted: 1, failed: 0 })
  })
})

describe('what it does not do', () => {
  it('sync a place with itself, one inside it, a file, or what is absent', async () => {
    const fs = createSlimNexusFS(await kernelWith({ '/from': undefined, '/to': undefined, '/again': { uri: 'memory://from' } }))
    await planted(fs, { '/from/a/b': '1', '/to/file': 'x' })
    for (const to of ['/from', '/from/a', '/again/a']) await fails(fs.syncTree('/from', to), 'invalid_argument')
    await fails(fs.syncTree('/from/a', '/from'), 'invalid_argument')
    await fails(fs.syncTree('/from/a/b', '/to/b'), 'not_directory')
    await fails(fs.syncTree('/from', '/to/file'), 'not_directory')
    await fails(fs.syncTree('/from/nope', '/to'), 'not_found')
    await fails(fs.syncTree('/from', '/to', { concurrency: 0 }), 'invalid_argument')
    await fails(fs.syncTree('/from', '/to', { bytesPerSecond: 0 }), 'invalid_argument')
    await fails(fs.syncTree('/from', '/to', { filter: [{ exclude: '' }] }), 'invalid_argument')
  })

  it('follow links, which it counts', async () => {
    const fs = await planted(await openPair(), { '/from/a': '1', '/to/link': 'kept' })
    await fs.write('/from/link', '', { metadata: { symlink: 'a' } })
    expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ files: 1, links: 1, deleted: 0 })
    expect(await fs.readText('/to/link')).toBe('kept')
  })

  it('show a file before all of it is there, or leave a part of one when it is aborted', async () => {
    const source = openMemory()
    const gate = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<undefined>()
    const stalling: Backend = {
      ...source,
      read: async (path, options): Promise<FileContent> => {
        const content = await source.read(path, options)
        const stream = (): ReadableStream<Uint8Array> => content.stream().pipeThrough(new TransformStream({ transform: async (chunk, controller) => {
          controller.enqueue(chunk.subarray(0, 10))
          begun.resolve(undefined)
          await gate.promise
          controller.enqueue(chunk.subarray(10))
        } }))
        return { ...content, stream }
      },
    }
    const fs = await openPair({ source: stalling })
    await fs.write('/from/big', new Uint8Array(500_000))
    const controller = new AbortController()
    const syncing = fs.syncTree('/from', '/to', { signal: controller.signal })
    await begun.promise
    expect(await isPending(syncing)).toBe(true)
    expect(await fs.exists('/to/big')).toBe(false)
    const reason = new Error('enough')
    controller.abort(reason)
    gate.resolve(undefined)
    await expect(syncing).rejects.toBe(reason)
    expect(await fs.exists('/to/big')).toBe(false)
    expect(await fs.syncTree('/from', '/to')).toMatchObject({ files: 1 })
  })

  it('list one side ahead of the other', async () => {
    let ahead = 0
    let most = 0
    const counting = (step: number): Backend => {
      const inner = openMemory()
      return { ...inner, async *list(path, options) {
        for await (const entry of inner.list(path, options)) {
          most = Math.max(most, Math.abs((ahead += step)))
          yield entry
        }
      } }
    }
    const fs = await openPair({ source: counting(1), target: counting(-1) })
    const files = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`/from/d${index % 20}/f${index}`, 'x']))
    await planted(fs, files)
    expect(await fs.syncTree('/from', '/to')).toMatchObject({ files: 500 })
    ;[ahead, most] = [0, 0]
    expect(await fs.syncTree('/from', '/to')).toMatchObject({ files: 0, unchanged: 500 })
    expect(most).toBeLessThan(5)
  })
})

it('tells how far it is: what passes, and what the service copies by itself', async () => {
  const told: SyncProgress[] = []
  const fs = await planted(await openPair(), { '/from/a': 'x'.repeat(100), '/from/b': 'y'.repeat(50) })
  expect(await fs.syncTree('/from', '/to', { onProgress: (progress) => told.push(progress) })).toMatchObject({ files: 2, bytes: 150, passedBytes: 150 })
  expect(told.at(-1)).toMatchObject({ files: 2, bytes: 150 })
  expect(told.every(({ bytes }, index) => bytes >= (told[index - 1]?.bytes ?? 0))).toBe(true)
  const inside = createSlimNexusFS(await kernelWith({ '/one': undefined }))
  await planted(inside, { '/one/a/x': 'x'.repeat(100) })
  expect(await inside.syncTree('/one/a', '/one/b')).toMatchObject({ files: 1, bytes: 100, passedBytes: 0 })
})

it('lets no byte pass between two buckets of one service', async () => {
  const service = createMemoryService()
  const [one, two] = [openMemoryStore({ service, name: 'memory://one' }), openMemoryStore({ service, name: 'memory://two' })]
  const fs = await planted(await openPair({ source: openObjectTree(one), target: openObjectTree(two) }), { '/from/a': 'x'.repeat(100), '/from/d/b': 'y'.repeat(50), '/to/old': 'z' })
  expect(await fs.syncTree('/from', '/to', { delete: true })).toMatchObject({ files: 2, bytes: 150, passedBytes: 0, deleted: 1 })
  expect([one.requests.get, two.requests.copy]).toEqual([0, 2])
  expect(await snapshotOf(fs, '/to')).toEqual(await snapshotOf(fs, '/from'))
})
