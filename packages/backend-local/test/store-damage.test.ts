import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isNexusError, type JournalEntry } from '@nexus/core/contract'
import { describe, expect, it, vi } from 'vitest'
import { commit, entriesOf, faultyFiles, openTestStore, record, segmentFiles, textsOf } from './store-kit.ts'

const corrupt = (error: unknown): boolean => isNexusError(error, 'corrupt')

/** A repository with commits a, b, c under one durability, whose store is closed. */
async function closedRepository(durability: 'os' | 'fsync' = 'os', bootId = 'boot-1'): Promise<{ root: string; entries: readonly JournalEntry[]; segment: string; head: string }> {
  const stores = await openTestStore({ environment: { bootId } })
  for (const text of ['a', 'b', 'c']) await commit(stores, text, durability)
  const entries = await entriesOf(stores)
  await stores.journal.close()
  return { root: stores.root, entries, segment: segmentFiles(stores.root)[0]!, head: join(stores.root, 'head') }
}

function flip(path: string, offset: number): void {
  const fd = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, offset)
  byte[0]! ^= 0x10
  writeSync(fd, byte, 0, 1, offset)
  closeSync(fd)
}

function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, bytes.length, offset)
  closeSync(fd)
}

const open = (root: string, bootId = 'boot-1'): ReturnType<typeof openTestStore> => openTestStore({ root, environment: { bootId } })

describe('the end of the journal', () => {
  it('is found again without the head file', async () => {
    const { root, head } = await closedRepository()
    rmSync(head)
    const stores = await open(root)
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c'])
    await commit(stores, 'd')
    expect(await textsOf(await open(root))).toEqual(['a', 'b', 'c', 'd'])
  })

  it.each([0, 20, 63])('is found again when byte %d of the head file is damaged', async (offset) => {
    const { root, head } = await closedRepository()
    flip(head, offset)
    const stores = await open(root)
    await commit(stores, 'd')
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('is found again when an older head file comes back', async () => {
    const { root, head } = await closedRepository()
    const old = readFileSync(head)
    const stores = await open(root)
    for (let index = 0; index < 6; index++) await commit(stores, [`d${index}`, 'x'.repeat(300_000)])
    await stores.journal.close()
    writeFileSync(head, old)
    const again = await open(root)
    expect(segmentFiles(root).length).toBeGreaterThan(1)
    await commit(again, 'e')
    const texts = await textsOf(again)
    expect(texts.slice(0, 4)).toEqual(['a', 'b', 'c', 'd0'])
    expect(texts.at(-1)).toBe('e')
    expect(texts.length).toBe(3 + 12 + 1)
  })

  it('is found again by a running process whose head file is deleted, and by a second one', async () => {
    const { root, head } = await closedRepository()
    const first = await open(root)
    const second = await open(root)
    await commit(first, 'd')
    await commit(second, 'e')
    rmSync(head)
    await commit(first, 'f')
    await commit(second, 'g')
    rmSync(head, { force: true })
    const third = await open(root)
    await commit(third, 'h')
    for (let index = 0; index < 8; index++) await commit(third, 'y'.repeat(300_000))
    await commit(first, 'i')
    await commit(second, 'j')
    const texts = (await textsOf(await open(root))).filter((text) => text.length === 1)
    expect(texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'])
    expect((await textsOf(first)).filter((text) => text.length === 1)).toEqual(texts)
  })

  it('is believed after a restart of the machine only as far as it is on the disk', async () => {
    const { root, segment, entries } = await closedRepository()
    truncateSync(segment, entries[1]!.end.offset + 40)
    const stores = await open(root, 'boot-2')
    expect(await textsOf(stores)).toEqual(['a', 'b'])
    await commit(stores, 'd')
    expect(await textsOf(await open(root, 'boot-2'))).toEqual(['a', 'b', 'd'])
    expect(segmentFiles(root).length).toBe(2)
    expect(statSync(segment).size).toBe(entries[1]!.end.offset)
  })
})

describe('a reader', () => {
  it('whose head file is deleted sees what others commit after it', async () => {
    const { root, head } = await closedRepository()
    const reader = await open(root)
    await textsOf(reader)
    rmSync(head)
    await commit(await open(root), 'd')
    await vi.waitFor(async () => expect(await textsOf(reader)).toEqual(['a', 'b', 'c', 'd']))
  })

  it('refuses a whole record of another number', async () => {
    const { root, segment, entries } = await closedRepository()
    overwrite(segment, entries[0]!.end.offset, record(7, { text: 'b' }))
    await expect(entriesOf(await open(root))).rejects.toSatisfy(corrupt)
  })
})

describe('a torn record', () => {
  it('at the end is cut, and writing goes on in a new segment', async () => {
    const { root, segment, entries } = await closedRepository()
    overwrite(segment, entries[2]!.end.offset, record(4, { text: 'torn' }).subarray(0, 90))
    const stores = await open(root)
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c'])
    await commit(stores, 'd')
    expect(await textsOf(await open(root))).toEqual(['a', 'b', 'c', 'd'])
    expect(segmentFiles(root).length).toBe(2)
  })

  it('behind whole ones of the same group leaves those', async () => {
    const { root, segment, entries } = await closedRepository()
    overwrite(segment, entries[2]!.end.offset, Buffer.concat([record(4, { text: 'd' }), record(5, { text: 'torn' }).subarray(0, 90)]))
    const stores = await open(root)
    await commit(stores, 'e')
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('before a whole one is damage: nothing is changed', async () => {
    const { root, segment, entries } = await closedRepository()
    overwrite(segment, entries[2]!.end.offset, Buffer.concat([record(4).subarray(0, 90), Buffer.alloc(200), record(5)]))
    const before = readFileSync(segment)
    const stores = await open(root)
    await expect(stores.journal.append(entries[2]!.end, () => [record(4)], { durability: 'os' })).rejects.toSatisfy(corrupt)
    expect(readFileSync(segment)).toEqual(before)
    expect(segmentFiles(root).length).toBe(1)
  })

  it('in the middle, after a restart, is a hole that may be cut when all behind it was written under os', async () => {
    const { root, segment, entries } = await closedRepository('os')
    flip(segment, entries[0]!.end.offset + 40)
    const stores = await open(root, 'boot-2')
    expect(await textsOf(stores)).toEqual(['a'])
    await commit(stores, 'd')
    expect(await textsOf(stores)).toEqual(['a', 'd'])
  })

  it('in the middle, after a restart, is damage when something behind it was synced', async () => {
    const { root, segment, entries } = await closedRepository('fsync')
    flip(segment, entries[0]!.end.offset + 40)
    const stores = await open(root, 'boot-2')
    await expect(entriesOf(stores)).rejects.toSatisfy(corrupt)
  })

  it('in the middle, on the same boot, is damage', async () => {
    const { root, segment, head, entries } = await closedRepository('os')
    flip(segment, entries[0]!.end.offset + 40)
    await expect(entriesOf(await open(root))).rejects.toSatisfy(corrupt)
    rmSync(head)
    await expect(entriesOf(await open(root))).rejects.toSatisfy(corrupt)
  })

  it('that a caller has seen whole is damage', async () => {
    const { root, segment, head, entries } = await closedRepository('os')
    flip(segment, entries[1]!.end.offset + 40)
    rmSync(head)
    const stores = await open(root)
    const before = readFileSync(segment)
    await expect(stores.journal.append(entries[2]!.end, () => [], { durability: 'os' })).rejects.toSatisfy(corrupt)
    await expect((async () => stores.journal.newer(entries[2]!.end))()).rejects.toSatisfy(corrupt)
    expect(readFileSync(segment)).toEqual(before)
    expect(segmentFiles(root).length).toBe(1)
  })

  it('is not cut while there is none: whole records are on disk before anybody sees them', async () => {
    const { root, segment, entries } = await closedRepository()
    overwrite(segment, entries[2]!.end.offset, record(4, { text: 'd' }))
    const faults = faultyFiles()
    const stores = await openTestStore({ root, environment: { bootId: 'boot-1', files: faults.files } })
    faults.fail((name) => (name === 'fdatasync' || name === 'writeAway' ? 'EIO' : undefined))
    await expect(commit(stores, 'e')).rejects.toSatisfy((error) => isNexusError(error, 'unavailable'))
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c'])
    const { ino } = statSync(segment)
    faults.reset()
    faults.fail((name, count) => (name === 'fdatasync' && count === 1 ? 'EIO' : undefined))
    await commit(stores, 'e')
    expect(statSync(segment).ino).not.toBe(ino)
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})

describe('a damaged segment', () => {
  it('is refused when its first block is damaged, or another repository\'s', async () => {
    const { root, segment } = await closedRepository()
    const whole = readFileSync(segment)
    flip(segment, 100)
    await expect(open(root, 'boot-2').then(entriesOf)).rejects.toThrow(/first block/)
    writeFileSync(segment, whole)
    writeFileSync(join(root, 'nexus.json'), JSON.stringify({ marker: 'nexus-repository', id: 'other' }))
    await expect(open(root, 'boot-2').then(entriesOf)).rejects.toThrow(/belongs to repository test-repository/)
  })

  it('is missed when it was published', async () => {
    const { root, segment } = await closedRepository()
    rmSync(segment)
    const stores = await open(root)
    await expect(stores.journal.append({ sequence: 0, segment: 0, offset: 0 }, () => [], { durability: 'os' })).rejects.toSatisfy(corrupt)
  })
})
