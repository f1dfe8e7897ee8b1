import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isNexusError, journalStart } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { openLocalStore } from '../src/store/open.ts'
import { commit, descriptor, endOf, entriesOf, faultyFiles, openTestStore, record, segmentFiles, temporaryRoot, textOf, textsOf } from './store-kit.ts'

describe('the journal on a local disk', () => {
  it('gives back what was committed, in order, to the same and to another store', async () => {
    const stores = await openTestStore()
    await commit(stores, 'a')
    await commit(stores, ['b', 'c'], 'fsync')
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c'])
    expect(await textsOf(await openTestStore({ root: stores.root }))).toEqual(['a', 'b', 'c'])
  })

  it('numbers commits from 1 and gives each entry its place', async () => {
    const stores = await openTestStore()
    const [first] = await commit(stores, 'a')
    const [entry] = await entriesOf(stores)
    expect(entry).toMatchObject({ sequence: 1, flags: 0, end: first!.end, contentOffset: first!.contentOffset })
    expect(await stores.journal.readInline({ segment: 1, offset: entry!.contentOffset, sizeBytes: 100 })).toEqual(Buffer.alloc(100, 7))
  })

  it('gives prepare what other stores published since', async () => {
    const stores = await openTestStore()
    const other = await openTestStore({ root: stores.root })
    await commit(other, ['a', 'b'])
    const seen: string[] = []
    await stores.journal.append(journalStart, (newer) => {
      seen.push(...newer.map(textOf))
      return [record(3, { text: 'c' })]
    }, { durability: 'os' })
    expect(seen).toEqual(['a', 'b'])
    expect(await textsOf(other)).toEqual(['a', 'b', 'c'])
  })

  it('ends the turn with the error of prepare, and goes on', async () => {
    const stores = await openTestStore()
    const failure = new Error('no')
    await expect(stores.journal.append(journalStart, () => Promise.reject(failure), { durability: 'os' })).rejects.toBe(failure)
    await expect(stores.journal.append(journalStart, () => {
      throw failure
    }, { durability: 'os' })).rejects.toBe(failure)
    await commit(stores, 'a')
    expect(await textsOf(stores)).toEqual(['a'])
  })

  it('refuses records that are misnumbered or say more durability than was asked', async () => {
    const stores = await openTestStore()
    const append = async (bytes: Uint8Array): Promise<unknown> => await stores.journal.append(journalStart, () => [bytes], { durability: 'os' })
    await expect(append(record(2))).rejects.toThrow(/must be commit 1/)
    await expect(append(record(1, { durability: 'fsync' }))).rejects.toThrow(/flagged fsync/)
    await expect(append(record(1).subarray(0, 50))).rejects.toThrow(/whole/)
    expect(await textsOf(stores)).toEqual([])
  })

  it('refuses a position beyond its end', async () => {
    const stores = await openTestStore()
    await commit(stores, 'a')
    await expect(stores.journal.append({ sequence: 5, segment: 1, offset: 900 }, () => [], { durability: 'os' })).rejects.toSatisfy((error) => isNexusError(error, 'corrupt'))
  })

  it('costs one fdatasync for a group of 16', async () => {
    const { files, calls, reset } = faultyFiles()
    const stores = await openTestStore({ environment: { files } })
    await commit(stores, 'first', 'fsync')
    reset()
    await commit(stores, Array.from({ length: 16 }, (_, index) => `w${index}`), 'fsync')
    expect(calls).toMatchObject({ fdatasync: 1 })
    expect(calls).not.toHaveProperty('fsync')
  })

  it('costs no sync and no thread under os, and one to make it all durable', async () => {
    const { files, calls, reset } = faultyFiles()
    const stores = await openTestStore({ environment: { files } })
    const [first] = await commit(stores, 'first')
    reset()
    await stores.journal.append(first!.end, () => [record(2)], { durability: 'os' })
    const { lstat: _lstat, fstat: _fstat, ...others } = calls
    expect(others).toEqual({ read: 2, write: 2 })
    await stores.journal.sync()
    await stores.journal.sync()
    expect(calls).toMatchObject({ fdatasync: 1 })
  })

  it('syncs the old segment, the new one and the directory before it goes on in a new one', async () => {
    const { files, calls, reset } = faultyFiles()
    const stores = await openTestStore({ environment: { files } })
    const [first] = await commit(stores, 'first')
    reset()
    await stores.journal.append(first!.end, () => [record(2, { contents: new Uint8Array(1_500_000) })], { durability: 'os' })
    expect(calls['fsync']).toBe(3)
  })

  it('asks nothing but the head when nothing is new', async () => {
    const { files, calls, reset } = faultyFiles()
    const stores = await openTestStore({ environment: { files } })
    const [first] = await commit(stores, 'first')
    reset()
    for (let round = 0; round < 10; round++) expect(stores.journal.newer(first!.end)).toEqual([])
    expect(calls['read']).toBe(10)
    expect(Object.keys(calls).filter((name) => name !== 'read' && name !== 'fstat')).toEqual([])
  })

  it('goes on in larger segments, each big enough, and reads across them', async () => {
    const stores = await openTestStore()
    const texts: string[] = []
    let position = journalStart
    for (let index = 0; index < 12; index++) {
      texts.push(`t${index}`)
      const contents = new Uint8Array(index === 5 ? 3_000_000 : 400_000).fill(index)
      const [entry] = await stores.journal.append(position, () => [record(index + 1, { text: `t${index}`, contents })], { durability: index % 2 === 0 ? 'os' : 'fsync' })
      position = entry!.end
    }
    expect(await textsOf(stores)).toEqual(texts)
    expect(segmentFiles(stores.root).length).toBeGreaterThan(2)
    const entries = await entriesOf(stores)
    for (const entry of entries) expect(await stores.journal.entryAt(entry.end)).toEqual(entry)
    for (const [index, entry] of entries.entries()) expect((await entriesOf(stores, entry.end)).length).toBe(11 - index)
    const segments = await stores.journal.segments()
    expect(segments[0]).toMatchObject({ first: 1 })
    expect(segments.at(-1)).toMatchObject({ last: 12 })
  })

  it('knows no entry at a position where no commit ends', async () => {
    const stores = await openTestStore()
    const [entry] = await commit(stores, 'a')
    const { end } = entry!
    for (const wrong of [journalStart, { ...end, offset: end.offset + 1 }, { ...end, offset: end.offset - 1 }, { ...end, sequence: 2 }, { ...end, segment: 7 }]) {
      expect(await stores.journal.entryAt(wrong)).toBeUndefined()
    }
  })

  it('lets old segments go, and says so to who asks for them', async () => {
    const stores = await openTestStore()
    const other = await openTestStore({ root: stores.root })
    const first = await commitLarge(stores, 8)
    await textsOf(other)
    const before = await stores.journal.segments()
    await stores.journal.removeThrough(before[1]!.last)
    expect(await other.journal.segments()).toEqual(before.slice(2))
    expect(await stores.journal.oldest()).toBe(before[2]!.first)
    await expect(entriesOf(other)).rejects.toSatisfy((error) => isNexusError(error, 'not_found'))
    expect(() => other.journal.readInline({ segment: 1, offset: first.contentOffset, sizeBytes: 10 })).toThrow(/compacted away/)
    await other.journal.removeThrough(1_000)
    expect(await stores.journal.segments()).toEqual(before.slice(-1))
    const last = before.at(-1)!
    expect((await entriesOf(stores, { sequence: last.first - 1, segment: 0, offset: 0 })).length).toBe(last.last - last.first + 1)
  })

  it('wakes who waits, from this process and another store, and stops on abort', async () => {
    const stores = await openTestStore()
    const other = await openTestStore({ root: stores.root })
    const waits = [stores.journal.wait(journalStart), other.journal.wait(journalStart)]
    await commit(stores, 'a')
    await Promise.all(waits)
    const stop = new AbortController()
    const reason = new Error('enough')
    const waiting = other.journal.wait(await endOf(stores), { signal: stop.signal })
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })

  it('answers unavailable after close', async () => {
    const stores = await openLocalStore({ root: temporaryRoot() })
    await stores.journal.close()
    await stores.journal.close()
    await expect(stores.journal.sync()).rejects.toSatisfy((error) => isNexusError(error, 'unavailable'))
  })
})

describe('the descriptor', () => {
  it('is absent in an empty directory and in one that does not exist', async () => {
    const root = temporaryRoot()
    writeFileSync(join(root, '.DS_Store'), '')
    const { journal } = await openLocalStore({ root })
    expect(await journal.readDescriptor()).toBeUndefined()
    const nowhere = await openLocalStore({ root: join(root, 'x', 'y') })
    expect(await nowhere.journal.readDescriptor()).toBeUndefined()
    expect(await nowhere.journal.newer(journalStart)).toEqual([])
    await nowhere.journal.createDescriptor(descriptor)
    expect(await nowhere.journal.readDescriptor()).toEqual(Buffer.from(descriptor))
  })

  it('is created once', async () => {
    const root = temporaryRoot()
    const stores = await Promise.all([1, 2, 3].map(() => openLocalStore({ root })))
    const results = await Promise.allSettled(stores.map(({ journal }) => journal.createDescriptor(descriptor)))
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const result of results) if (result.status === 'rejected') expect(isNexusError(result.reason, 'already_exists')).toBe(true)
  })

  it('is not created among somebody else\'s files', async () => {
    const root = temporaryRoot()
    writeFileSync(join(root, 'letter.txt'), 'dear')
    const { journal } = await openLocalStore({ root })
    await expect(journal.createDescriptor(descriptor)).rejects.toSatisfy((error) => isNexusError(error, 'not_empty'))
  })

  it('is somebody else\'s file without our marker, and damage beside our journal', async () => {
    const root = temporaryRoot()
    writeFileSync(join(root, 'nexus.json'), '{"name":"nexus"}')
    const { journal } = await openLocalStore({ root })
    await expect(journal.readDescriptor()).rejects.toSatisfy((error) => isNexusError(error, 'invalid_config'))
    const stores = await openTestStore()
    await commit(stores, 'a')
    writeFileSync(join(stores.root, 'nexus.json'), descriptor.subarray(0, 20))
    await expect(stores.journal.readDescriptor()).rejects.toSatisfy((error) => isNexusError(error, 'corrupt'))
  })

  it('is needed to commit', async () => {
    const root = temporaryRoot()
    const { journal } = await openLocalStore({ root })
    await expect(journal.append(journalStart, () => [record(1)], { durability: 'os' })).rejects.toSatisfy((error) => isNexusError(error, 'not_found'))
    expect(readdirSync(root)).toEqual([])
  })
})

async function commitLarge(stores: Awaited<ReturnType<typeof openTestStore>>, count: number): Promise<{ contentOffset: number }> {
  let position = journalStart
  let first: { contentOffset: number } | undefined
  for (let index = 0; index < count; index++) {
    const [entry] = await stores.journal.append(position, () => [record(index + 1, { text: `${index}`, contents: new Uint8Array(700_000) })], { durability: 'os' })
    position = entry!.end
    first ??= entry!
  }
  return first!
}
