import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type Backend, createSlimNexusFS, NexusError } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { openCachedDirectory } from '../src/caching/open-cached-directory.ts'
import { blockFiles, openCached, pattern, read, requestsOf, stateDirectory } from './cache-kit.ts'
import { at, fails, kernelWith } from './kernel-support.ts'

const readingChild = fileURLToPath(new URL('../src/caching/reading-child.ts', import.meta.url))

describe('memory', () => {
  it('holds the blocks that were used last, and no more than its bound', async () => {
    const { backend, store, directory } = await openCached({ contentBytes: 0, memoryBytes: 2_000_000 })
    for (let index = 0; index < 12; index++) await store.put(`f${index}`, pattern(200_000))
    for (let index = 0; index < 11; index++) {
      await read(backend, `/f${index}`)
      // The first one is used all the time.
      expect(await requestsOf(store, () => read(backend, '/f0'))).toEqual({})
    }
    for (const index of [10, 9, 8, 7, 6, 5, 4, 3]) expect(await requestsOf(store, () => read(backend, `/f${index}`))).toEqual({})
    expect(await requestsOf(store, () => read(backend, '/f1'))).toMatchObject({ get: 1 })
    expect(await blockFiles(directory)).toEqual([])
    await backend.close()
  })

  it('given to one reader is no other reader\'s', async () => {
    const { backend, store } = await openCached()
    await store.put('a', pattern(300_000))
    for (let turn = 0; turn < 3; turn++) {
      const content = await backend.read(at('/a'))
      const chunks = await Array.fromAsync(content.stream())
      expect(Buffer.concat(chunks).equals(pattern(300_000))).toBe(true)
      for (const chunk of chunks) chunk.fill(0)
    }
    await backend.close()
  })
})

describe('a backend without ranges', () => {
  const withoutRanges = (tree: Backend): Backend => ({
    ...tree,
    capabilities: { ...tree.capabilities, ranges: false },
    read: (path, options) => (options?.range === undefined ? tree.read(path, options) : Promise.reject(new NexusError('unsupported', { op: 'read', path }))),
  })

  it('is asked for whole files, also for one missing block', async () => {
    const { backend, store, directory, again } = await openCached({ below: withoutRanges })
    await store.put('a', pattern(1_000_000))
    expect(await requestsOf(store, () => read(backend, '/a'))).toEqual({ get: 1 })
    expect(await requestsOf(store, () => read(backend, '/a'))).toEqual({})
    await fails(backend.read(at('/a'), { range: { offset: 1, length: 5 } }), 'unsupported')
    await backend.close()
    // Without its first block a file is taken as one that is not kept.
    await rm((await blockFiles(directory)).at(-1) ?? '')
    const other = again()
    let body = new Uint8Array()
    expect(await requestsOf(store, async () => (body = new Uint8Array(await read(other, '/a'))))).toEqual({ get: 1 })
    expect(body).toEqual(pattern(1_000_000))
    await other.close()
  })
})

describe('what is copied once', () => {
  const names = Array.from({ length: 12 }, (_, index) => `d${index % 3}/f${index}`)

  it('by a tree, a move or a sync leaves nothing on disk', async () => {
    const { backend, store, directory } = await openCached()
    const kernel = await kernelWith({ '/far': { backend }, '/near': {} })
    const fs = createSlimNexusFS(kernel)
    for (const [index, name] of names.entries()) await store.put(`t/${name}`, pattern(1000 + index * 100_000))
    await fs.copyTree('/far/t', '/near/copy')
    await fs.syncTree('/far/t', '/near/sync', { checksum: true })
    await fs.syncTree('/far/t', '/near/sync', { checksum: true })
    for (const target of ['copy', 'sync']) for (const [index, name] of names.entries()) expect(Buffer.from(pattern(1000 + index * 100_000)).equals(await read(kernel, `/near/${target}/${name}`))).toBe(true)
    await kernel.rename(at('/far/t'), at('/near/moved'), { allowNonAtomic: true })
    // And the other way: what is written is read back once.
    await fs.copyTree('/near/moved', '/far/back')
    await kernel.close()
    expect(await blockFiles(directory)).toEqual([])
  })

  it('takes the place of what is kept of an older state, and leaves what is kept of this one', async () => {
    const { backend, store } = await openCached()
    const kernel = await kernelWith({ '/far': { backend }, '/near': {} })
    await store.put('a', pattern(600_000))
    await read(kernel, '/far/a')
    await kernel.copy(at('/far/a'), at('/near/a'))
    expect(await requestsOf(store, () => read(kernel, '/far/a'))).toEqual({})
    await store.put('a', pattern(500_000))
    await kernel.copy(at('/far/a'), at('/near/a'))
    expect(await requestsOf(store, async () => expect(await read(kernel, '/far/a')).toEqual(pattern(500_000)))).toEqual({})
    await kernel.close()
  })
})

describe('a reader that is killed', () => {
  it('leaves nothing that is ever read wrong, and what it had put aside goes', { timeout: 120_000 }, async () => {
    const root = await stateDirectory()
    const data = join(root, 'data')
    let state = ''
    await mkdir(data)
    const files = Array.from({ length: 24 }, (_, index) => ({ name: `f${index}`, content: pattern(900_000 + index) }))
    for (const { name, content } of files) await writeFile(join(data, name), content)
    for (const told of [1, 8, 20]) {
      state = join(root, `state ${told}`)
      await killAfter(told, { data, state })
      // It was killed in the middle.
      const blocks = await blockFiles(state)
      if (told === 20) expect(blocks.length).toBeGreaterThan(0)
      expect(blocks.length).toBeLessThan(4 * files.length)
      const { backend, at: path } = await openCachedDirectory({ data, state, remembers: 'contents' })
      for (const { name, content } of files) expect(Buffer.from(await (await backend.read(path(name))).bytes()).equals(content)).toBe(true)
      await backend.close()
    }
    // Half of a block that is not in its place yet, as it is left by a kill at the worst moment; and a block that the disk lost a part of.
    const [block = '', other = ''] = await blockFiles(state)
    const aside = `${block}.${crypto.randomUUID()}.tmp`
    await writeFile(aside, (await readFile(block)).subarray(0, 1000))
    await utimes(aside, new Date(), new Date())
    await truncate(other, 5000)
    const later = await openCachedDirectory({ data, state, remembers: 'contents', now: () => Date.now() + 2 * 3_600_000 })
    for (const { name, content } of files) expect(Buffer.from(await (await later.backend.read(later.at(name))).bytes()).equals(content)).toBe(true)
    await writeFile(join(data, 'new'), pattern(1000))
    await (await later.backend.read(later.at('new'))).bytes()
    await later.backend.close()
    expect((await blockFiles(state)).filter((file) => file.endsWith('.tmp'))).toEqual([])
  })
})

async function killAfter(count: number, { data, state }: { readonly data: string; readonly state: string }): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=nexus-source', readingChild, data, state], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let told = 0
  for await (const chunk of child.stdout) {
    told += String(chunk).split('\n').length - 1
    if (told >= count) break
  }
  child.kill('SIGKILL')
  await closed
}
