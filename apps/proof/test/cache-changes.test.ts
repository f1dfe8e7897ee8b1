import { readFile, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Backend } from '@nexus/core'
import { openMemoryStore } from '@nexus/object-storage'
import { describe, expect, it, vi } from 'vitest'
import { names, openCached, pattern, read, requestsOf } from './cache-kit.ts'
import { at, bytes, fails, kernelWith } from './kernel-support.ts'

const text = async (backend: Backend, path: string, options?: Parameters<Backend['read']>[1]): Promise<string> => new TextDecoder().decode(await read(backend, path, options))

describe('what was absent', () => {
  for (const [freshnessMs, believedMs] of [[60_000, 1000], [400, 400]] as const) {
    it(`is looked for again after ${believedMs} ms, with a freshness of ${freshnessMs} ms`, async () => {
      const { backend, store, clock } = await openCached({ freshnessMs })
      await fails(backend.stat(at('/a')), 'not_found')
      clock.now += believedMs - 1
      expect(await requestsOf(store, () => fails(backend.stat(at('/a')), 'not_found'))).toEqual({})
      clock.now += 1
      expect(await requestsOf(store, () => fails(backend.stat(at('/a')), 'not_found'))).not.toEqual({})
      await backend.close()
    })
  }

  it('is known by a read too, and its own write ends it', async () => {
    const { backend, store } = await openCached()
    await fails(read(backend, '/a'), 'not_found')
    expect(await requestsOf(store, () => fails(backend.stat(at('/a')), 'not_found'))).toEqual({})
    await backend.write(at('/a'), bytes('x'))
    expect((await backend.stat(at('/a'))).sizeBytes).toBe(1)
    await backend.close()
  })
})

describe('an answer that contradicts what is kept', () => {
  for (const recursive of [false, true]) {
    it(`forgets ${recursive ? 'a recursive' : 'a'} listing that shows another state, a deleted file, or misses a new one`, async () => {
      const { backend, store } = await openCached()
      const path = recursive ? '/' : '/d'
      const listed = async (): Promise<(string | undefined)[]> => (await Array.fromAsync(backend.list(at(path), { recursive }))).filter(({ kind }) => kind === 'file').map((entry) => `${entry.name} ${entry.etag}`)
      await store.put('d/a', bytes('one'))
      await store.put('d/b', bytes('two'))
      const changes = [() => store.put('d/a', bytes('other')), () => store.delete(['d/b']), () => store.put('d/c', bytes('new'))]
      for (const [index, change] of changes.entries()) {
        const before = await listed()
        await change()
        expect(await listed()).toEqual(before)
        // What is asked tells more than what is kept.
        await backend.stat(at(`/d/${'abc'[index]}`), { fresh: true }).catch((error: unknown) => expect(error).toMatchObject({ code: 'not_found' }))
        expect(await requestsOf(store, listed)).toEqual({ list: 1 })
        expect(await listed()).not.toEqual(before)
      }
      await backend.close()
    })
  }

  it('is a stat that a newer listing shows otherwise', async () => {
    const { backend, store } = await openCached()
    await store.put('a', bytes('one'))
    await backend.stat(at('/a'))
    const { etag } = await store.put('a', bytes('other'))
    await names(backend, '/')
    expect((await backend.stat(at('/a'))).etag).toBe(etag)
    await backend.close()
  })
})

describe('a condition', () => {
  it('is met by the state that is there, whatever is remembered', async () => {
    const { backend, store } = await openCached()
    await store.put('a', bytes('old'))
    await read(backend, '/a')
    const { etag } = await store.put('a', bytes('new'))
    expect(await text(backend, '/a', { ifMatch: etag })).toBe('new')
    // And what the read brought is what is known now.
    expect(await text(backend, '/a')).toBe('new')
    await backend.close()
  })

  it('of a copy and of a move is decided by the storage', async () => {
    const { backend, store } = await openCached()
    const kernel = await kernelWith({ '/far': { backend }, '/near': {} })
    await store.put('a', bytes('old'))
    const old = await kernel.stat(at('/far/a'))
    const { etag } = await store.put('a', bytes('new'))
    await fails(kernel.copy(at('/far/a'), at('/near/a'), { ifMatch: old.etag }), 'precondition_failed')
    expect((await kernel.stat(at('/far/a'))).etag).toBe(etag)
    const { etag: newest } = await store.put('a', bytes('newest'))
    await kernel.copy(at('/far/a'), at('/near/a'), { ifMatch: newest })
    expect(await text(kernel, '/near/a')).toBe('newest')
    await kernel.stat(at('/far/a'))
    const { etag: last } = await store.put('a', bytes('last'))
    await kernel.rename(at('/far/a'), at('/near/b'), { ifMatch: last })
    expect(await text(kernel, '/near/b')).toBe('last')
    await kernel.close()
  })
})

describe('a condition of a step that does nothing', () => {
  it('is decided by the storage too', async () => {
    const { backend, store } = await openCached({
      below: (tree) => {
        const simple: Backend = { ...tree, capabilities: { ...tree.capabilities, copy: 'emulated' } }
        Reflect.deleteProperty(simple, 'copy')
        return simple
      },
    })
    const kernel = await kernelWith({ '/far': { backend } })
    await store.put('a', bytes('old'))
    const { etag } = await kernel.stat(at('/far/a'))
    await store.put('a', bytes('new'))
    await fails(kernel.copy(at('/far/a'), at('/far/a'), { ifMatch: etag }), 'precondition_failed')
    await kernel.close()
  })
})

describe('a listing of several pages', () => {
  for (const recursive of [false, true]) {
    it(`that is forgotten while it is given goes on with what is there (recursive: ${recursive})`, async () => {
      const { backend, store } = await openCached()
      const all = Array.from({ length: 600 }, (_, index) => `f${String(index).padStart(4, '0')}`)
      for (const name of all) await store.put(name, bytes(name))
      await names(backend, '/', { recursive })
      const seen: string[] = []
      const requests = await requestsOf(store, async () => {
        for await (const entry of backend.list(at('/'), { recursive })) {
          if (seen.push(entry.name) === 10) {
            await backend.write(at('/z'), bytes('later'))
            await backend.delete(at('/f0400'))
          }
        }
      })
      expect(seen).toEqual([...all.filter((name) => name !== 'f0400'), 'z'])
      expect(requests['list']).toBeGreaterThan(0)
      await backend.close()
    })
  }
})

describe('a listing that tells all', () => {
  it('answers stats without a request, and one that tells less does not', async () => {
    for (const listsFully of [true, false]) {
      const { backend, store } = await openCached({ store: openMemoryStore({ listsFully }) })
      await store.put('d/a', bytes('x'))
      await names(backend, '/', { recursive: true })
      const requests = await requestsOf(store, () => backend.stat(at('/d/a')))
      expect(requests).toEqual(listsFully ? {} : { head: 1 })
      expect(await backend.stat(at('/d/a'))).toEqual(await backend.stat(at('/d/a'), { fresh: true }))
      await backend.close()
    }
  })
})

describe('a state directory', () => {
  it('that another process keeps busy is waited for, and then nothing is believed that was seen before an own change', async () => {
    const { backend, store, directory } = await openCached()
    await store.put('a', bytes('x'))
    await backend.stat(at('/a'))
    const holder = hold(join(directory, 'metadata.db'))
    const written = backend.write(at('/a'), bytes('own'))
    await turns()
    holder.release()
    const { etag } = await written
    // It was told after all, and so its answer is kept.
    expect(await requestsOf(store, async () => expect((await backend.stat(at('/a'))).etag).toBe(etag))).toEqual({})
    const longer = hold(join(directory, 'metadata.db'))
    await store.put('b', bytes('y'))
    const other = await backend.write(at('/a'), bytes('own again'))
    expect((await backend.stat(at('/a'))).etag).toBe(other.etag)
    longer.release()
    expect((await backend.stat(at('/a'))).etag).toBe(other.etag)
    await backend.close()
  })

  it('that another process keeps busy when a change ends makes nothing believed that was seen while it happened', async () => {
    const held = Promise.withResolvers<undefined>()
    let isHeld = false
    const before = ({ verb }: { readonly verb: string }): Promise<void> | undefined => (isHeld && verb === 'put' ? held.promise : undefined)
    const { backend, store, directory } = await openCached({ store: openMemoryStore({ before }) })
    await backend.write(at('/a'), bytes('old'))
    isHeld = true
    const written = backend.write(at('/a'), bytes('longer'))
    await turns()
    // The old state, seen between the change's beginning and its end.
    expect((await backend.stat(at('/a'))).sizeBytes).toBe(3)
    const holder = hold(join(directory, 'metadata.db'))
    held.resolve(undefined)
    await written
    holder.release()
    expect(await requestsOf(store, async () => expect((await backend.stat(at('/a'))).sizeBytes).toBe(6))).toEqual({ head: 1 })
    await backend.close()
  })

  it('may be deleted while it is in use', async () => {
    const { backend, store, directory } = await openCached()
    await store.put('d/a', pattern(600_000))
    await read(backend, '/d/a')
    await names(backend, '/d')
    await rm(directory, { recursive: true, force: true, maxRetries: 10 })
    const { etag } = await backend.write(at('/d/a'), bytes('own'))
    expect((await backend.stat(at('/d/a'))).etag).toBe(etag)
    expect(await text(backend, '/d/a')).toBe('own')
    await store.put('d/b', bytes('other'))
    expect(await names(backend, '/d')).toEqual(['/d/a', '/d/b'])
    expect(await text(backend, '/d/b')).toBe('other')
    // It is looked for once a second.
    const now = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 10_000)
    try {
      await backend.write(at('/d/a'), bytes('own again'))
    } finally {
      clock.mockRestore()
    }
    expect(await text(backend, '/d/a')).toBe('own again')
    await names(backend, '/d')
    await text(backend, '/d/b')
    expect(await requestsOf(store, async () => [await text(backend, '/d/a'), await text(backend, '/d/b'), await names(backend, '/d')])).toEqual({})
    expect((await stat(join(directory, 'metadata.db'))).size).toBeGreaterThan(0)
    await backend.close()
  })
})

/** What core opens its tables with, taken from there: this package needs none of its own. */
const requireFromCore = createRequire(createRequire(import.meta.url).resolve('@nexus/core/package.json'))

/** Another writer of the database, which keeps it. */
function hold(path: string): { readonly release: () => void } {
  const Database = requireFromCore('better-sqlite3') as new (path: string) => { exec(sql: string): void; close(): void }
  const database = new Database(path)
  database.exec('BEGIN IMMEDIATE')
  return { release: () => database.close() }
}

/** Until all has happened that can without waiting. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Transactions in the write-ahead log: frames that say how large the database is after them (https://sqlite.org/fileformat2.html#walformat). */
async function commitsIn(directory: string): Promise<number> {
  const log = await readFile(join(directory, 'metadata.db-wal'))
  const frameBytes = 24 + log.readUInt32BE(8)
  let count = 0
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) if (log.readUInt32BE(at + 4) > 0) count++
  return count
}

describe('changes at one time', () => {
  it('share transactions, and each is told', async () => {
    const { backend, directory } = await openCached()
    const paths = Array.from({ length: 200 }, (_, index) => at(`/d/f${index}`))
    await backend.write(at('/first'), bytes('x'))
    const before = await commitsIn(directory)
    await Promise.all(paths.map((path) => backend.write(path, bytes(path))))
    expect(await commitsIn(directory) - before).toBeLessThan(20)
    for (const path of paths) expect((await backend.stat(path)).sizeBytes).toBe(path.length)
    await backend.close()
  })

  it('one after the other have one each before and behind', async () => {
    const { backend, directory } = await openCached()
    await backend.write(at('/first'), bytes('x'))
    const before = await commitsIn(directory)
    for (let index = 0; index < 10; index++) await backend.write(at(`/f${index}`), bytes('x'))
    expect(await commitsIn(directory) - before).toBe(20)
    await backend.close()
  })

  it('that the database cannot take are all distrusted', async () => {
    const { backend, store, directory } = await openCached()
    const paths = Array.from({ length: 20 }, (_, index) => at(`/f${index}`))
    for (const path of paths) await backend.write(path, bytes('x'))
    const { release } = hold(join(directory, 'metadata.db'))
    await Promise.all(paths.map((path) => backend.write(path, bytes('longer'))))
    release()
    const asked = await requestsOf(store, async () => {
      for (const path of paths) expect((await backend.stat(path)).sizeBytes).toBe(6)
    })
    expect(asked).toEqual({ head: 20 })
    await backend.close()
  })
})
