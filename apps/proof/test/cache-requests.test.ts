import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Backend, clearCaches, contentCache, inspectCaches, isNexusError, metadataCache } from '@nexus/core'
import { type MemoryStore, openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { describe, expect, it } from 'vitest'
import { blockFiles, names, openCached, pattern, read, requestsOf } from './cache-kit.ts'
import { at, bytes } from './kernel-support.ts'

describe('within freshness', () => {
  it('a second stat, ls, recursive ls, read and range read make no request, also of another mount', async () => {
    const { backend, store, again } = await openCached()
    await store.put('docs/a', pattern(700_000))
    const calls = (on: Backend): (() => Promise<unknown>)[] => [
      () => on.stat(at('/docs/a')), () => on.stat(at('/docs')), () => names(on, '/docs'), () => names(on, '/', { recursive: true }), () => read(on, '/docs/a'),
      () => read(on, '/docs/a', { range: { offset: 300_000, length: 10 } }), () => read(on, '/docs/a', { range: { suffix: 5 } }), () => names(on, '/docs', { limit: 1 }),
    ]
    for (const call of calls(backend)) await call()
    for (const call of calls(backend)) expect(await requestsOf(store, call)).toEqual({})
    await backend.close()
    const other = again()
    for (const call of calls(other)) expect(await requestsOf(store, call)).toEqual({})
    expect(await read(other, '/docs/a')).toEqual(pattern(700_000))
    await other.close()
  })

  it('the first read is one request, and the second none; a stale one is one HEAD', async () => {
    const { backend, store, clock } = await openCached()
    await store.put('a', bytes('content'))
    await store.put('empty', bytes(''))
    for (const path of ['/a', '/empty']) {
      expect(await requestsOf(store, () => read(backend, path))).toEqual({ get: 1 })
      expect(await requestsOf(store, () => read(backend, path))).toEqual({})
    }
    clock.now += 60_000
    expect(await requestsOf(store, () => read(backend, '/a'))).toEqual({ head: 1 })
    await backend.close()
  })

  it('a range brings whole blocks along, and missing neighbours come with one request', async () => {
    const { backend, store } = await openCached()
    await store.put('a', pattern(1_000_000))
    expect(await requestsOf(store, () => read(backend, '/a', { range: { offset: 300_000, length: 10 } }))).toEqual({ get: 1 })
    expect(await requestsOf(store, () => read(backend, '/a', { range: { offset: 400_000, length: 10 } }))).toEqual({})
    expect(await requestsOf(store, () => read(backend, '/a', { range: { offset: 262_144 } }))).toEqual({ get: 1 })
    expect(await requestsOf(store, () => read(backend, '/a', { range: { offset: 262_144 } }))).toEqual({})
    expect(await read(backend, '/a')).toEqual(pattern(1_000_000))
    await backend.close()
  })

  it('an own write is seen at once, and its stat makes no request', async () => {
    const { backend, store } = await openCached()
    await backend.write(at('/docs/a'), bytes('one'))
    await read(backend, '/docs/a')
    expect(await names(backend, '/docs')).toEqual(['/docs/a'])
    const { etag } = await backend.write(at('/docs/a'), bytes('two'))
    expect(await requestsOf(store, async () => expect((await backend.stat(at('/docs/a'))).etag).toBe(etag))).toEqual({})
    await backend.write(at('/docs/b'), bytes('three'))
    expect(await names(backend, '/docs')).toEqual(['/docs/a', '/docs/b'])
    expect(new TextDecoder().decode(await read(backend, '/docs/a'))).toBe('two')
    await backend.delete(at('/docs'), { recursive: true })
    await expect(backend.stat(at('/docs/a'))).rejects.toMatchObject({ code: 'not_found' })
    await backend.close()
  })
})

describe('what others change', () => {
  it('is seen after freshness, and at once with fresh', async () => {
    const { backend, store, clock } = await openCached()
    await store.put('a', bytes('old'))
    const old = await backend.stat(at('/a'))
    await read(backend, '/a')
    const { etag } = await store.put('a', bytes('new'))
    expect(await backend.stat(at('/a'))).toEqual(old)
    expect((await backend.stat(at('/a'), { fresh: true })).etag).toBe(etag)
    expect((await backend.stat(at('/a'))).etag).toBe(etag)
    await store.put('a', bytes('newest'))
    clock.now += 60_000
    expect(new TextDecoder().decode(await read(backend, '/a'))).toBe('newest')
    await backend.close()
  })

  it('is asked for under ifMatch: what is remembered decides no condition', async () => {
    const { backend, store } = await openCached()
    await store.put('a', bytes('old'))
    const { etag } = await backend.stat(at('/a'))
    await read(backend, '/a')
    await store.put('a', bytes('new'))
    await expect(backend.read(at('/a'), { ifMatch: etag! })).rejects.toMatchObject({ code: 'precondition_failed' })
    await backend.close()
  })

  it('is believed absent for a second at most', async () => {
    const { backend, store, clock } = await openCached()
    const absent = (): Promise<unknown> => backend.stat(at('/a')).then(() => expect.unreachable(), (error: unknown) => expect(isNexusError(error, 'not_found')).toBe(true))
    await absent()
    expect(await requestsOf(store, absent)).toEqual({})
    await store.put('a', bytes('x'))
    clock.now += 1000
    expect((await backend.stat(at('/a'))).sizeBytes).toBe(1)
    await backend.close()
  })

  it('shows when the clock goes back', async () => {
    const { backend, store, clock } = await openCached()
    await store.put('a', bytes('x'))
    await backend.stat(at('/a'))
    clock.now -= 500_000
    expect(await requestsOf(store, () => backend.stat(at('/a')))).toEqual({ head: 1 })
    clock.now += 500_001
    expect(await requestsOf(store, () => backend.stat(at('/a')))).toEqual({ head: 1 })
    await backend.close()
  })

  it('is not overwritten by an answer from before a change', async () => {
    const store = openMemoryStore()
    const held = Promise.withResolvers<undefined>()
    const isAsked = Promise.withResolvers<undefined>()
    const head = store.head.bind(store)
    let isHeld = true
    const slow = Object.assign(Object.defineProperties({}, Object.getOwnPropertyDescriptors(store)) as MemoryStore, {
      head: async (...args: Parameters<MemoryStore['head']>) => {
        const info = await head(...args)
        if (isHeld) {
          isAsked.resolve(undefined)
          await held.promise
        }
        return info
      },
    })
    const { backend } = await openCached({ store: slow })
    await store.put('a', bytes('old'))
    const stale = backend.stat(at('/a'))
    await isAsked.promise
    isHeld = false
    const { etag } = await backend.write(at('/a'), bytes('new'))
    held.resolve(undefined)
    expect((await stale).etag).not.toBe(etag)
    expect((await backend.stat(at('/a'))).etag).toBe(etag)
    await backend.close()
  })
})

describe('trouble on this machine', () => {
  it('a damaged metadata.db is made anew, and a state directory that cannot be fails nothing', async () => {
    const { backend, store, directory, again } = await openCached()
    await store.put('a', bytes('x'))
    await backend.stat(at('/a'))
    await backend.close()
    await writeFile(join(directory, 'metadata.db'), 'this is no database, and longer than a header of one would be: '.repeat(40))
    const other = again()
    expect(await requestsOf(store, () => other.stat(at('/a')))).toEqual({ head: 1 })
    expect(await requestsOf(store, () => other.stat(at('/a')))).toEqual({})
    await other.close()
    const nowhere = join(directory, 'metadata.db', 'below-a-file')
    const passing = contentCache({ directory: nowhere })(metadataCache({ directory: nowhere })(openObjectTree(store)))
    await passing.write(at('/b'), bytes('y'))
    expect(await names(passing, '/')).toEqual(['/a', '/b'])
    expect(await read(passing, '/b')).toEqual(bytes('y'))
    await passing.close()
  })

  it('a damaged block is found out, deleted and fetched again', async () => {
    const { backend, store, directory, again } = await openCached()
    await store.put('a', pattern(1000))
    await read(backend, '/a')
    await backend.close()
    const [block = ''] = await blockFiles(directory)
    const damaged = await readFile(block)
    damaged[200] = (damaged[200] ?? 0) ^ 1
    await writeFile(block, damaged)
    const other = again()
    let content = new Uint8Array()
    expect(await requestsOf(store, async () => (content = new Uint8Array(await read(other, '/a'))))).toEqual({ get: 1 })
    expect(content).toEqual(pattern(1000))
    await other.close()
    expect((await readFile(block)).equals(damaged)).toBe(false)
  })

  it('no more is on disk than the bound, and a file above an eighth of it passes by', async () => {
    const contentBytes = 2 * 1024 ** 2
    const { backend, store, directory } = await openCached({ contentBytes })
    for (let index = 0; index < 14; index++) {
      await store.put(`f${index}`, pattern(200_000))
      await read(backend, `/f${index}`)
    }
    await backend.close()
    const sizes = await Promise.all((await blockFiles(directory)).map(async (file) => (await stat(file)).blocks * 512))
    const used = sizes.reduce((sum, size) => sum + size, 0)
    expect(used).toBeLessThanOrEqual(contentBytes)
    expect(used).toBeGreaterThan(contentBytes / 2)
  })
})

describe('many at once', () => {
  it('readers of one file make one request, and one who gives up breaks no other', async () => {
    const { backend, store } = await openCached()
    await store.put('a', pattern(500_000))
    const aborter = new AbortController()
    const aborted = read(backend, '/a', { signal: aborter.signal }).then(() => 'read', (error: unknown) => error)
    const others = Array.from({ length: 8 }, () => read(backend, '/a'))
    const reason = new Error('enough')
    aborter.abort(reason)
    expect(await aborted).toBe(reason)
    for (const other of others) expect(await other).toEqual(pattern(500_000))
    expect(store.requests.get).toBe(1)
    await backend.close()
  })

  it('what was cleared by another process is asked for again', async () => {
    const { backend, store, directory } = await openCached()
    await store.put('a', bytes('x'))
    await backend.stat(at('/a'))
    await names(backend, '/')
    const scopes = await inspectCaches(directory)
    expect(scopes).toMatchObject([{ stats: 1, listings: 1, listingEntries: 1 }])
    await clearCaches(directory, scopes.map(({ scope }) => scope))
    expect(await requestsOf(store, () => backend.stat(at('/a')))).toEqual({ head: 1 })
    expect(await requestsOf(store, () => names(backend, '/'))).toEqual({ list: 1 })
    await backend.close()
  })
})
