import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, isNexusError, type JournalEntry, journalStart } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { crcOf } from '../src/store/scan.ts'
import { commit, entriesOf, faultyFiles, openTestStore, type Plan, record, segmentFiles, textsOf } from './store-kit.ts'

const only = (wanted: string, at: number, code: string): Plan => (name, count) => (name === wanted && count === at ? code : undefined)

async function faultyStore(): Promise<{ stores: Awaited<ReturnType<typeof openTestStore>>; faults: ReturnType<typeof faultyFiles> }> {
  const faults = faultyFiles()
  const stores = await openTestStore({ environment: { files: faults.files } })
  await commit(stores, ['a', 'b'])
  faults.reset()
  return { stores, faults }
}

const codeOf = (code: ErrorCode) => (error: unknown): boolean => isNexusError(error, code)

describe('a failed sync', () => {
  it('in the middle of a group fails all of it, seals the segment and goes on in another', async () => {
    const { stores, faults } = await faultyStore()
    faults.fail(only('fdatasync', 1, 'EIO'))
    await expect(commit(stores, ['c', 'd', 'e'], 'fsync')).rejects.toSatisfy(codeOf('unavailable'))
    expect(segmentFiles(stores.root).length).toBe(2)
    faults.reset()
    expect(await textsOf(stores)).toEqual(['a', 'b'])
    await commit(stores, ['f'], 'fsync')
    expect(await textsOf(stores)).toEqual(['a', 'b', 'f'])
    expect(await textsOf(await openTestStore({ root: stores.root }))).toEqual(['a', 'b', 'f'])
    expect(await textsOf(await openTestStore({ root: stores.root, environment: { bootId: 'another' } }))).toEqual(['a', 'b', 'f'])
  })

  it('puts a fresh copy in the place of what earlier commits left unsynced', async () => {
    const { stores, faults } = await faultyStore()
    const inode = faults.files.lstat(segmentFiles(stores.root)[0]!).ino
    faults.fail(only('fdatasync', 1, 'EIO'))
    await expect(commit(stores, 'c', 'fsync')).rejects.toThrow()
    expect(faults.files.lstat(segmentFiles(stores.root)[0]!).ino).not.toBe(inode)
    const [entry] = await entriesOf(stores)
    expect(await stores.journal.readInline({ segment: 1, offset: entry!.contentOffset, sizeBytes: 100 })).toEqual(Buffer.alloc(100, 7))
  })

  it('leaves the old segment as it is when everything before was on disk', async () => {
    const { stores, faults } = await faultyStore()
    await commit(stores, 'c', 'fsync')
    const inode = faults.files.lstat(segmentFiles(stores.root)[0]!).ino
    faults.reset()
    faults.fail(only('fdatasync', 1, 'EIO'))
    await expect(commit(stores, 'd', 'fsync')).rejects.toThrow()
    expect(faults.files.lstat(segmentFiles(stores.root)[0]!).ino).toBe(inode)
    expect(faults.calls['fdatasync']).toBe(1)
  })

  it('asked for by sync() is told, and healed before the next one succeeds', async () => {
    const { stores, faults } = await faultyStore()
    faults.fail(only('fdatasync', 1, 'EIO'))
    await expect(stores.journal.sync()).rejects.toSatisfy(codeOf('unavailable'))
    faults.reset()
    await stores.journal.sync()
    expect(await textsOf(stores)).toEqual(['a', 'b'])
  })

  it.each([['ends', undefined], ['and the machine end', 'another']])('never counts as a commit when the disk stays broken until the process %s', async (_what, bootId) => {
    const { stores, faults } = await faultyStore()
    faults.fail((name) => (['fdatasync', 'fsync', 'writeAway', 'truncate'].includes(name) ? 'EIO' : undefined))
    await expect(commit(stores, 'c', 'fsync')).rejects.toSatisfy(codeOf('unavailable'))
    await expect(commit(stores, 'd', 'fsync')).rejects.toSatisfy(codeOf('unavailable'))
    faults.reset()
    const other = await openTestStore({ root: stores.root, environment: bootId === undefined ? {} : { bootId } })
    expect(await textsOf(other)).toEqual(['a', 'b'])
    await commit(other, 'e', 'fsync')
    expect(await textsOf(other)).toEqual(['a', 'b', 'e'])
  })

  it('of the first commit in a new segment replaces that segment', async () => {
    const { stores, faults } = await faultyStore()
    faults.fail((name, count) => (name === 'fdatasync' && count <= 2 ? 'EIO' : undefined))
    await expect(commit(stores, 'c', 'fsync')).rejects.toThrow()
    await expect(commit(stores, 'd', 'fsync')).rejects.toThrow()
    await commit(stores, 'e', 'fsync')
    expect(segmentFiles(stores.root).length).toBe(2)
    expect(await textsOf(await openTestStore({ root: stores.root, environment: { bootId: 'another' } }))).toEqual(['a', 'b', 'e'])
  })
})

describe('a failed write', () => {
  it('that left no byte keeps other processes off the segment too', async () => {
    const { stores, faults } = await faultyStore()
    const other = await openTestStore({ root: stores.root })
    await commit(other, 'c')
    await commit(stores, 'd')
    faults.reset()
    faults.fail((name, count) => ((name === 'write' && count === 1) || name === 'truncate' ? 'EIO' : undefined))
    const end = (await entriesOf(stores)).at(-1)!.end
    await expect(stores.journal.append(end, () => [record(5)], { durability: 'os' })).rejects.toSatisfy(codeOf('unavailable'))
    expect(segmentFiles(stores.root).length).toBe(1)
    await commit(other, 'e')
    expect(segmentFiles(stores.root).length).toBe(2)
    expect(await textsOf(other)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it.each([['ENOSPC', 'no_space'], ['EDQUOT', 'no_space'], ['EIO', 'unavailable'], ['EROFS', 'read_only']] as const)('with %s is %s, and nothing is committed', async (code, expected) => {
    const { stores, faults } = await faultyStore()
    faults.fail(only('write', 1, code))
    const end = (await entriesOf(stores)).at(-1)!.end
    await expect(stores.journal.append(end, () => [record(3)], { durability: 'os' })).rejects.toSatisfy(codeOf(expected))
    faults.reset()
    await commit(stores, 'c')
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c'])
  })

  it('of a new segment (disk full) leaves the old one, and the next try succeeds', async () => {
    const { stores, faults } = await faultyStore()
    const end = (await entriesOf(stores)).at(-1)!.end
    const append = async (): Promise<readonly JournalEntry[]> => await stores.journal.append(end, () => [record(3, { text: 'large', contents: new Uint8Array(2_000_000) })], { durability: 'os' })
    faults.fail((name) => (name === 'writeAway' ? 'ENOSPC' : undefined))
    await expect(append()).rejects.toSatisfy(codeOf('no_space'))
    await expect(append()).rejects.toSatisfy(codeOf('no_space'))
    expect(segmentFiles(stores.root).length).toBe(1)
    faults.reset()
    await append()
    expect(await textsOf(stores)).toEqual(['a', 'b', 'large'])
  })

  it('of the head file has an unknown outcome, and the next commit settles it', async () => {
    const { stores, faults } = await faultyStore()
    const end = (await entriesOf(stores)).at(-1)!.end
    faults.fail(only('write', 2, 'EIO'))
    await expect(stores.journal.append(end, () => [record(3, { text: 'c' })], { durability: 'os' })).rejects.toSatisfy(codeOf('outcome_unknown'))
    faults.reset()
    expect(await textsOf(stores)).toEqual(['a', 'b'])
    await commit(stores, 'd')
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('says so when the disk takes a part only', async () => {
    const { stores, faults } = await faultyStore()
    const end = (await entriesOf(stores)).at(-1)!.end
    const write = faults.files.write.bind(faults.files)
    let isShort = true
    faults.files.write = (fd, bytes, offset, length, position) => {
      const part = isShort ? 60 : length
      isShort = false
      return write(fd, bytes, offset, part, position)
    }
    await expect(stores.journal.append(end, () => [record(3)], { durability: 'os' })).rejects.toThrow(/Only 60 of/)
    await commit(stores, 'c')
    expect(await textsOf(stores)).toEqual(['a', 'b', 'c'])
  })
})

describe('an operating system that refuses', () => {
  it.each([['open', 'EMFILE'], ['read', 'EIO'], ['write', 'EIO'], ['writeAway', 'ENOSPC'], ['fdatasync', 'EIO'], ['fsync', 'EIO'], ['rename', 'EIO'], ['truncate', 'EIO']])('the Nth %s with %s, for every N, loses no acknowledged commit', async (name, code) => {
    let isStruck = true
    let at = 1
    for (; isStruck && at <= 100; at++) {
      isStruck = false
      const faults = faultyFiles()
      const stores = await openTestStore({ environment: { files: faults.files } })
      faults.reset()
      faults.fail((called, count) => {
        if (called !== name || count !== at) return undefined
        isStruck = true
        return code
      })
      const promised = await commitSix(stores)
      faults.reset()
      const texts = await textsOf(await openTestStore({ root: stores.root }))
      expect(texts.filter((text) => promised.includes(text)), `${name} ${at}`).toEqual(promised)
      await commit(stores, 'z')
      // The commit whose outcome was unknown may come in between.
      const after = await textsOf(stores)
      expect(after.slice(0, texts.length)).toEqual(texts)
      expect(after.at(-1)).toBe('z')
      await stores.journal.close()
    }
    // It struck at least once, and the last round went through without it.
    expect(at).toBeGreaterThan(2)
    expect(isStruck).toBe(false)
  })
})

/** Six commits that need two segments, half of them synced. @returns Those that were acknowledged. */
async function commitSix(stores: Awaited<ReturnType<typeof openTestStore>>): Promise<string[]> {
  const promised: string[] = []
  for (let index = 0; index < 6; index++) {
    const text = `t${index}`
    const durability = index % 2 === 0 ? 'fsync' : 'os'
    const contents = new Uint8Array(index % 3 === 0 ? 600_000 : 10)
    const prepare = (newer: readonly JournalEntry[]): Uint8Array[] => [record((newer.at(-1)?.sequence ?? 0) + 1, { text, contents, durability })]
    try {
      await stores.journal.append(journalStart, prepare, { durability })
      promised.push(text)
    } catch (error) {
      expect(isNexusError(error), String(error)).toBe(true)
    }
  }
  return promised
}

const hasStrace = spawnSync('strace', ['-V']).status === 0 && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

describe.skipIf(!hasStrace)('a kernel that refuses (strace)', () => {
  it('fdatasync: the commit fails, the next one goes to a new segment and is synced there', async () => {
    const stores = await openTestStore()
    await commit(stores, 'a', 'fsync')
    await stores.journal.close()
    const trace = join(stores.root, '..', `${stores.root.split('/').at(-1) ?? ''}.trace`)
    const child = join(import.meta.dirname, 'store-child.ts')
    const run = (count: string): number | null => spawnSync('strace', ['-f', '-o', trace, '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=2', process.execPath, '--conditions=nexus-source', child, 'append', stores.root, 'k', count, 'fsync'], { env: { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' } }).status
    expect(run('3')).not.toBe(0)
    expect(readFileSync(trace, 'utf8')).toMatch(/fdatasync\(\d+\)\s+= -1 EIO .*INJECTED/)
    execFileSync('rm', ['-f', trace])
    const again = await openTestStore({ root: stores.root })
    expect(await textsOf(again)).toEqual(['a', 'k-0'])
    await commit(again, 'b', 'fsync')
    expect(await textsOf(again)).toEqual(['a', 'k-0', 'b'])
    expect(segmentFiles(stores.root).length).toBe(2)
  })
})

it('a segment\'s header names the commit before it, so that one can be told from a stranger\'s', async () => {
  const { stores, faults } = await faultyStore()
  faults.fail(only('fdatasync', 1, 'EIO'))
  await expect(commit(stores, 'c', 'fsync')).rejects.toThrow()
  const text = readFileSync(segmentFiles(stores.root)[1]!).subarray(16, 512).toString('utf8')
  const last = (await entriesOf(stores)).at(-1)!
  const bytes = await stores.journal.readInline({ segment: 1, offset: last.contentOffset - 32 - last.header.length, sizeBytes: 32 })
  expect(JSON.parse(text.slice(0, text.lastIndexOf('}') + 1))).toMatchObject({ repository: 'test-repository', first: 3, previous: { segment: 1, sequence: 2, offset: last.end.offset, recordCrc: crcOf(bytes) } })
})
