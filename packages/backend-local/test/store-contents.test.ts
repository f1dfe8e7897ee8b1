import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isNexusError, type RepositoryStores } from '@nexus/core/contract'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openLocalStore } from '../src/index.ts'
import { faultyFiles, openTestStore } from './store-kit.ts'

const key = 'cas/ab/abcdef'
const bytes = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => index % 251)

async function put({ contents }: RepositoryStores, name: string, body: Uint8Array, durability: 'os' | 'fsync' = 'os'): Promise<void> {
  const staged = await contents.stage(name, body, { durability })
  await staged.publish()
  await contents.settle({ durability })
}

const notFound = (error: unknown): boolean => isNexusError(error, 'not_found')

async function keysOf({ contents }: RepositoryStores, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const found of contents.list(prefix)) keys.push(found.key)
  return keys.sort()
}

describe('contents on a local disk', () => {
  it.each([0, 1, 64 * 1024, 64 * 1024 + 1, 3_000_000])('of %d bytes read back, whole and in part', async (length) => {
    const stores = await openTestStore()
    const body = bytes(length)
    await put(stores, key, body, 'fsync')
    expect(Buffer.compare(await stores.contents.read(key, { offset: 0, length }), body)).toBe(0)
    const half = length >> 1
    expect(Buffer.compare(await stores.contents.read(key, { offset: half, length: length - half }), body.subarray(half))).toBe(0)
    expect(await stores.contents.stat(key)).toMatchObject({ sizeBytes: length })
  })

  it('have no place where the directory of the repository is absent, until somebody makes it', async () => {
    const root = join(mkdtempSync(join(tmpdir(), 'nexus-absent-')), 'absent')
    onTestFinished(() => rmSync(dirname(root), { recursive: true }))
    const { contents, journal } = await openLocalStore({ root })
    await expect(contents.stage(key, bytes(10), { durability: 'os' })).rejects.toSatisfy(notFound)
    mkdirSync(root)
    const staged = await contents.stage(key, bytes(10), { durability: 'os' })
    await staged.discard()
    await journal.close()
  })

  it('are nowhere before they are published, and gone after a discard', async () => {
    const stores = await openTestStore()
    const staged = await stores.contents.stage(key, bytes(10), { durability: 'os' })
    expect(() => stores.contents.read(key, { offset: 0, length: 10 })).toThrow(/not_found/)
    await staged.discard()
    await staged.discard()
    expect(() => staged.publish()).toThrow(/not_found/)
    expect(await stores.contents.sweep()).toBe(0)
  })

  it('stay when they are discarded after publication', async () => {
    const stores = await openTestStore()
    const staged = await stores.contents.stage(key, bytes(10), { durability: 'os' })
    await staged.publish()
    await staged.discard()
    expect(await keysOf(stores, 'cas/')).toEqual([key])
  })

  it('replace what a crash left at their key', async () => {
    const stores = await openTestStore()
    await put(stores, key, bytes(3))
    await put(stores, key, bytes(10))
    expect(await stores.contents.stat(key)).toMatchObject({ sizeBytes: 10 })
  })

  it('cost one sync each and one for each directory touched; none under os', async () => {
    const faults = faultyFiles()
    const stores = await openTestStore({ environment: { files: faults.files } })
    await put(stores, key, bytes(10), 'fsync')
    faults.reset()
    const staged = await Promise.all([1, 2, 3].map((index) => stores.contents.stage(`cas/ab/ab${index}`, bytes(10), { durability: 'fsync' })))
    for (const content of staged) await content.publish()
    expect(faults.calls['fsync']).toBe(3)
    await stores.contents.settle({ durability: 'fsync' })
    expect(faults.calls['fsync']).toBe(4)
    await put(stores, 'cas/ab/ab4', bytes(10), 'os')
    expect(faults.calls['fsync']).toBe(4)
    await stores.contents.sync(['cas/ab/ab4'])
    expect(faults.calls['fsync']).toBe(6)
  })

  it('sync a new directory\'s own entry too', async () => {
    const faults = faultyFiles()
    const stores = await openTestStore({ environment: { files: faults.files } })
    faults.reset()
    await put(stores, 'cas/cd/cd1', bytes(10), 'fsync')
    // The file, cas/cd, cas, the root.
    expect(faults.calls['fsync']).toBe(4)
  })

  it('sync nothing more for a directory that came with one that was synced', async () => {
    const faults = faultyFiles()
    const stores = await openTestStore({ environment: { files: faults.files } })
    await put(stores, 'cas/cd/cd1', bytes(10), 'fsync')
    faults.reset()
    await put(stores, 'cas/ef/ef1', bytes(10), 'fsync')
    // The file, cas/ef.
    expect(faults.calls['fsync']).toBe(2)
  })

  it('are missing or short as an error says', async () => {
    const stores = await openTestStore()
    await put(stores, key, bytes(200_000))
    await expect(stores.contents.stat('cas/00/00')).rejects.toSatisfy(notFound)
    await expect(stores.contents.sync(['cas/00/00'])).rejects.toSatisfy(notFound)
    expect(() => stores.contents.read('packs/none', { offset: 0, length: 1 })).toThrow(/not_found/)
    truncateSync(join(stores.root, key), 100)
    expect(() => stores.contents.read(key, { offset: 0, length: 101 })).toThrow(/corrupt/)
    await expect((async () => stores.contents.read(key, { offset: 0, length: 200_000 }))()).rejects.toSatisfy((error) => isNexusError(error, 'corrupt'))
  })

  it('are not read through a symbolic link', async () => {
    const stores = await openTestStore()
    writeFileSync(join(stores.root, 'secret'), 'secret')
    mkdirSync(join(stores.root, 'cas', 'ab'))
    symlinkSync(join(stores.root, 'secret'), join(stores.root, key))
    expect(() => stores.contents.read(key, { offset: 0, length: 6 })).toThrow(/symbolic link/)
    expect(await keysOf(stores, 'cas/')).toEqual([])
  })

  it.each(['nexus.json', '../x', 'cas/ab/../x', 'cas/abc/abc', 'packs/', 'packs/.', 'tmp/x', 'packs/a/b', '/etc/passwd'])('have no key like %s', async (wrong) => {
    const stores = await openTestStore()
    await expect(stores.contents.stage(wrong, bytes(1), { durability: 'os' })).rejects.toSatisfy((error) => isNexusError(error, 'invalid_argument'))
    expect(() => stores.contents.read(wrong, { offset: 0, length: 1 })).toThrow(/invalid_argument/)
  })

  it('are listed below a prefix, without strangers', async () => {
    const stores = await openTestStore()
    for (const name of ['cas/ab/ab1', 'cas/ab/ab2.7', 'cas/cd/cd1', 'packs/p1', 'checkpoints/1-x', 'pins/q']) await put(stores, name, bytes(5))
    writeFileSync(join(stores.root, 'cas', 'README'), '')
    writeFileSync(join(stores.root, 'packs', '.DS_Store'), '')
    expect(await keysOf(stores, 'cas/')).toEqual(['cas/ab/ab1', 'cas/ab/ab2.7', 'cas/cd/cd1'])
    expect(await keysOf(stores, 'cas/ab/')).toEqual(['cas/ab/ab1', 'cas/ab/ab2.7'])
    expect(await keysOf(stores, 'cas/ab/ab2')).toEqual(['cas/ab/ab2.7'])
    expect(await keysOf(stores, 'pa')).toEqual(['packs/p1'])
    expect((await keysOf(stores, '')).length).toBe(6)
  })

  it('are deleted whether they are there or not', async () => {
    const stores = await openTestStore()
    await put(stores, key, bytes(5))
    await stores.contents.delete([key, 'cas/00/00'])
    expect(await keysOf(stores, '')).toEqual([])
  })

  it('are moved aside when damaged, each time', async () => {
    const stores = await openTestStore()
    for (let round = 0; round < 2; round++) {
      await put(stores, key, bytes(5))
      await stores.contents.quarantine(key)
    }
    await expect(stores.contents.quarantine(key)).rejects.toSatisfy(notFound)
    expect(readdirSync(join(stores.root, 'quarantine')).sort()).toEqual(['cas_ab_abcdef', 'cas_ab_abcdef~2'])
  })

  it('leave nothing behind when the disk is full', async () => {
    const faults = faultyFiles()
    const stores = await openTestStore({ environment: { files: faults.files } })
    faults.fail((name) => (name === 'write' || name === 'writeAway' ? 'ENOSPC' : undefined))
    for (const length of [10, 100_000]) {
      await expect(stores.contents.stage(key, bytes(length), { durability: 'os' })).rejects.toSatisfy((error) => isNexusError(error, 'no_space'))
    }
    const [writer] = readdirSync(join(stores.root, 'tmp'))
    expect(readdirSync(join(stores.root, 'tmp', writer!))).toEqual([])
  })

  it('are not settled when a directory cannot be synced, and are at the next try', async () => {
    const faults = faultyFiles()
    const stores = await openTestStore({ environment: { files: faults.files } })
    const staged = await stores.contents.stage(key, bytes(5), { durability: 'fsync' })
    await staged.publish()
    faults.reset()
    faults.fail((name, count) => (name === 'fsync' && count === 1 ? 'EIO' : undefined))
    await expect((async () => stores.contents.settle({ durability: 'fsync' }))()).rejects.toSatisfy((error) => isNexusError(error, 'unavailable'))
    faults.reset()
    await stores.contents.settle({ durability: 'fsync' })
    expect(faults.calls['fsync']).toBe(3)
  })

  it('are not staged for a caller that gave up', async () => {
    const stores = await openTestStore()
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(stores.contents.stage(key, bytes(5), { durability: 'os', signal })).rejects.toBe(reason)
  })
})

describe('what writers left behind', () => {
  it('stays while they run, goes when they are gone, and goes after a day when nobody can tell', async () => {
    const now = Date.now()
    const stores = await openTestStore({ environment: { now: () => now + 25 * 60 * 60 * 1000 } })
    await stores.contents.stage(key, bytes(5), { durability: 'os' })
    const [mine = ''] = readdirSync(join(stores.root, 'tmp'))
    const [pid = '', start = '', place = '', boot = ''] = mine.split('-')
    const leave = (name: string, at = now): void => {
      const directory = join(stores.root, 'tmp', name)
      mkdirSync(directory)
      writeFileSync(join(directory, '1'), 'four')
      utimesSync(directory, at / 1000, at / 1000)
    }
    leave(`${pid}-${Number(start) + 1}-${place}-${boot}-aa`)
    leave(`${pid}-${start}-${place}-000000000000-aa`)
    leave(`${pid}-${start}-000000000000-${boot}-aa`)
    leave(`${pid}-${start}-000000000000-${boot}-bb`, now + 20 * 60 * 60 * 1000)
    mkdirSync(join(stores.root, 'tmp', 'stranger'))
    expect(await stores.contents.sweep()).toBe(12)
    expect(readdirSync(join(stores.root, 'tmp')).sort()).toEqual([mine, `${pid}-${start}-000000000000-${boot}-bb`, 'stranger'].sort())
    expect(existsSync(join(stores.root, 'tmp', mine, '1'))).toBe(true)
  })
})
