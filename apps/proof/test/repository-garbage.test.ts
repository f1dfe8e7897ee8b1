import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { applyRetention, collectGarbage, fsck } from '@nexus/core'
import { expect, test } from 'vitest'
import { at, beforeFirstTurn, filesIn, noise, openTestRepository, temporaryRoot } from './repository-kit.ts'

const forgetAll = { retention: { keepVersions: 1, keepMs: -1 } } as const

/** Names of all objects in `cas/`. */
function objects(root: string): string[] {
  return filesIn(root, 'cas').map((path) => basename(path))
}

test('contents that nothing refers to go, with their space; what is referred to stays', async () => {
  const repository = await openTestRepository()
  await repository.write('/gone', noise(300_000, 1))
  await repository.write('/shared', noise(300_000, 2))
  await repository.backend.copy?.(at('/shared'), at('/copy'))
  await repository.write('/large', noise(20_000_000, 3))
  await repository.write('/small', 'in the journal')
  for (const path of ['/gone', '/shared', '/small']) await repository.backend.delete(at(path))
  const report = await collectGarbage(repository.engine, forgetAll)
  expect(report).toEqual({ versions: 3, contents: 2, bytes: 300_000 })
  expect(await repository.holds('/copy', noise(300_000, 2))).toBe(true)
  expect(await repository.holds('/large', noise(20_000_000, 3))).toBe(true)
  expect(objects(repository.root)).toHaveLength(4)
})

test('a large content goes with its parts, except those that another one shares', async () => {
  const repository = await openTestRepository()
  const shared = noise(8 * 1024 * 1024, 1)
  await repository.write('/one', Buffer.concat([shared, noise(3_000_000, 2)]))
  await repository.write('/two', Buffer.concat([shared, noise(3_000_000, 3)]))
  await repository.backend.delete(at('/one'))
  expect(await collectGarbage(repository.engine, forgetAll)).toEqual({ versions: 1, contents: 3, bytes: 3_000_000 })
  expect(await repository.holds('/two', Buffer.concat([shared, noise(3_000_000, 3)]))).toBe(true)
})

test('a content that returns gets another key, because a dropped one is never written again', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', noise(300_000))
  const [key = ''] = objects(repository.root)
  await repository.backend.delete(at('/a'))
  await collectGarbage(repository.engine, forgetAll)
  expect(objects(repository.root)).toEqual([])
  await repository.write('/b', noise(300_000))
  const [returned = ''] = objects(repository.root)
  expect(returned).toMatch(new RegExp(`^${key}\\.\\d+$`))
  await repository.backend.delete(at('/b'))
  await collectGarbage(repository.engine, forgetAll)
  await repository.write('/c', noise(300_000))
  expect(objects(repository.root)).toHaveLength(1)
  expect(objects(repository.root)[0]).not.toBe(returned)
  expect(await repository.holds('/c', noise(300_000))).toBe(true)
})

test('a writer of the same content that commits first keeps it', async () => {
  const root = temporaryRoot()
  const writer = await openTestRepository({ root })
  await writer.write('/a', noise(300_000))
  await writer.write('/large', noise(20_000_000, 2))
  for (const path of ['/a', '/large']) await writer.backend.delete(at(path))
  await applyRetention(writer.engine, forgetAll.retention)
  // The collector has chosen what to drop; before its turn comes, another process refers to all of it again.
  const collector = await openTestRepository({
    root,
    aroundJournal: beforeFirstTurn(async () => {
      await writer.write('/b', noise(300_000))
      await writer.write('/again', noise(20_000_000, 2))
    }),
  })
  expect(await collectGarbage(collector.engine, { retention: false })).toMatchObject({ contents: 0, bytes: 0 })
  expect(await collector.holds('/b', noise(300_000))).toBe(true)
  expect(await collector.holds('/again', noise(20_000_000, 2))).toBe(true)
})

test('a writer whose content, or a part of it, is dropped before its turn stores it again', async () => {
  const root = temporaryRoot()
  const collector = await openTestRepository({ root })
  await collector.write('/a', noise(300_000))
  await collector.write('/large', noise(20_000_000, 2))
  for (const path of ['/a', '/large']) await collector.backend.delete(at(path))
  let drops = 0
  // The writer found its content known, and has stored nothing, when all of it is dropped.
  const writer = await openTestRepository({ root, aroundJournal: beforeFirstTurn(async () => (drops = (await collectGarbage(collector.engine, forgetAll)).contents)) })
  await writer.write('/again', noise(20_000_000, 2))
  expect(drops).toBe(6)
  await writer.write('/b', noise(300_000))
  for (const reader of [writer, collector]) {
    expect(await reader.holds('/again', noise(20_000_000, 2))).toBe(true)
    expect(await reader.holds('/b', noise(300_000))).toBe(true)
  }
  await collectGarbage(collector.engine, forgetAll)
  expect(await writer.holds('/again', noise(20_000_000, 2))).toBe(true)
})

test('a new content that shares a part with one that is dropped before its turn stores that part again', async () => {
  const root = temporaryRoot()
  const shared = noise(8 * 1024 * 1024)
  const collector = await openTestRepository({ root })
  await collector.write('/a', Buffer.concat([shared, noise(1000, 2)]))
  await collector.backend.delete(at('/a'))
  let drops = 0
  // The writer found its content known, and has stored nothing, when all of it is dropped.
  const writer = await openTestRepository({ root, aroundJournal: beforeFirstTurn(async () => (drops = (await collectGarbage(collector.engine, forgetAll)).contents)) })
  await writer.write('/b', Buffer.concat([shared, noise(1000, 3)]))
  expect(drops).toBe(4)
  expect(await collector.holds('/b', Buffer.concat([shared, noise(1000, 3)]))).toBe(true)
})

test('a batch whose content is dropped before its turn stores it again', async () => {
  const root = temporaryRoot()
  const collector = await openTestRepository({ root })
  await collector.write('/a', noise(300_000))
  await collector.backend.delete(at('/a'))
  let drops = 0
  // The writer found its content known, and has stored nothing, when all of it is dropped.
  const writer = await openTestRepository({ root, aroundJournal: beforeFirstTurn(async () => (drops = (await collectGarbage(collector.engine, forgetAll)).contents)) })
  await writer.backend.batch?.([{ op: 'write', path: at('/b'), body: noise(300_000) }])
  expect(drops).toBe(1)
  expect(await collector.holds('/b', noise(300_000))).toBe(true)
})

test('a crash between drop and deletion leaves an object that the next collection takes', async () => {
  const root = temporaryRoot()
  const dying = await openTestRepository({
    root,
    around: (contents) => ({ ...contents, delete: () => Promise.reject(new Error('the process dies here')) }),
  })
  await dying.write('/a', noise(300_000))
  await dying.backend.delete(at('/a'))
  await expect(collectGarbage(dying.engine, forgetAll)).rejects.toThrow('the process dies here')
  expect(objects(root)).toHaveLength(1)
  await dying.close()
  const repository = await openTestRepository({ root })
  expect(await collectGarbage(repository.engine, forgetAll)).toEqual({ versions: 0, contents: 0, bytes: 300_000 })
  expect(objects(root)).toEqual([])
})

test('objects that no commit refers to go after the grace period, and never what a commit refers to', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', noise(300_000))
  const directory = join(repository.root, 'cas', 'ab')
  mkdirSync(directory, { recursive: true })
  const young = join(directory, `ab${'1'.repeat(62)}`)
  const old = join(directory, `ab${'2'.repeat(62)}`)
  for (const path of [young, old]) writeFileSync(path, 'left behind')
  const longAgo = new Date(Date.now() - 48 * 60 * 60 * 1000)
  for (const path of filesIn(repository.root, 'cas')) utimesSync(join(repository.root, path), longAgo, longAgo)
  utimesSync(young, new Date(), new Date())
  expect(await collectGarbage(repository.engine)).toEqual({ versions: 0, contents: 0, bytes: 11 })
  expect([existsSync(young), existsSync(old)]).toEqual([true, false])
  expect(await collectGarbage(repository.engine, { graceMs: -1 })).toMatchObject({ bytes: 11 })
  expect(await repository.holds('/a', noise(300_000))).toBe(true)
})

test('a part whose list of pieces cannot be read is kept', async () => {
  let isBlind = false
  const repository = await openTestRepository({
    aroundJournal: (journal) => ({ ...journal, readInline: (location) => (isBlind && location.sizeBytes === 640 ? new Uint8Array(640) : journal.readInline(location)) }),
  })
  await repository.write('/large', noise(20_000_000))
  await repository.write('/other', noise(3_000_000, 2))
  await repository.backend.delete(at('/other'))
  isBlind = true
  await collectGarbage(repository.engine, forgetAll)
  isBlind = false
  expect(await repository.holds('/large', noise(20_000_000))).toBe(true)
})

test('a read-only repository collects nothing', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', noise(300_000))
  await repository.backend.delete(at('/a'))
  await repository.close()
  const reader = await openTestRepository({ root: repository.root, readonly: true })
  await expect(collectGarbage(reader.engine, forgetAll)).rejects.toThrow('read_only')
})

test('nothing is collected in a repository that is opened to be read', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', 'one')
  await repository.close()
  const reading = await openTestRepository({ root: repository.root, readonly: true })
  await expect(collectGarbage(reading.engine)).rejects.toThrow('read_only')
})

test('a crash between two steps of a collection leaves nothing known whose parts are not', async () => {
  const root = temporaryRoot()
  const { write, backend, close } = await openTestRepository({ root })
  for (let index = 0; index < 24; index++) await write(`/large/${index}`, noise(1_100_000, index + 1))
  for (let index = 0; index < 300; index++) await write(`/small/${index}`, `number ${index}`)
  for (const path of ['/large', '/small']) await backend.delete(at(path), { recursive: true })
  await close()
  const victim = await openTestRepository({
    root,
    aroundJournal: (journal) => ({
      ...journal,
      async append(from, prepare, options) {
        const entries = await journal.append(from, prepare, options)
        if (entries.some(({ header }) => Buffer.from(header).includes('"drop"'))) throw new Error('the process dies here')
        return entries
      },
    }),
  })
  await expect(collectGarbage(victim.engine, forgetAll)).rejects.toThrow('the process dies here')
  await victim.close()
  const again = await openTestRepository({ root })
  expect(await fsck(again.engine)).toMatchObject({ ok: true, problems: [] })
  await again.write('/back', noise(1_100_000, 7))
  expect(await again.holds('/back', noise(1_100_000, 7))).toBe(true)
  await collectGarbage(again.engine, forgetAll)
  expect(objects(root)).toHaveLength(1)
})
