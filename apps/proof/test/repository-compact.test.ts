import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectGarbage, compact, type JournalStore, writeCheckpoint } from '@nexus/core'
import { expect, test } from 'vitest'
import { at, filesIn, flip, noise, openTestRepository, temporaryRoot, type TestRepository } from './repository-kit.ts'

/** Files of 60 KB, whose contents ride in their commits: three segments of them. */
async function fill({ write }: TestRepository, count = 120): Promise<void> {
  for (let index = 0; index < count; index++) await write(`/files/${index}`, noise(60_000, index + 1))
}

async function holdsAll({ holds }: TestRepository, count = 120): Promise<boolean> {
  for (let index = 0; index < count; index++) if (!(await holds(`/files/${index}`, noise(60_000, index + 1)))) return false
  return true
}

test('compaction moves living contents into packs, and the old journal goes', async () => {
  const repository = await openTestRepository()
  for (let round = 0; round < 120; round++) await repository.write('/rewritten', noise(60_000, 1000 + round))
  await fill(repository)
  await collectGarbage(repository.engine, { retention: { keepVersions: 1, keepMs: -1 } })
  const segments = filesIn(repository.root, 'journal').length
  const report = await compact(repository.engine)
  expect(report.problems).toEqual([])
  expect(report.afterBytes).toBeLessThan(report.beforeBytes * 0.75)
  expect(filesIn(repository.root, 'journal').length).toBeLessThan(segments)
  expect(filesIn(repository.root, 'packs').length).toBeGreaterThan(0)
  expect(await holdsAll(repository)).toBe(true)
  await repository.close()
  rmSync(join(repository.root, 'index.db'))
  const again = await openTestRepository({ root: repository.root })
  expect(await holdsAll(again)).toBe(true)
  await again.write('/new', 'goes on')
  expect(await again.text('/new')).toBe('goes on')
})

test('compacting again packs sparse packs, and lets the old ones go', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  await compact(repository.engine)
  const before = filesIn(repository.root, 'packs')
  for (let index = 10; index < 120; index++) await repository.backend.delete(at(`/files/${index}`))
  await collectGarbage(repository.engine, { retention: { keepMs: -1 } })
  const report = await compact(repository.engine)
  expect(report.contents).toBeGreaterThan(0)
  expect(filesIn(repository.root, 'packs').filter((name) => before.includes(name))).toEqual([])
  expect(await holdsAll(repository, 10)).toBe(true)
})

test('a process that knew the journal as it was reads and writes on', async () => {
  const root = temporaryRoot()
  const bystander = await openTestRepository({ root })
  await bystander.write('/first', 'known early')
  const writer = await openTestRepository({ root })
  await fill(writer)
  await writer.backend.snapshot?.(at('/'), 'structural')
  await compact(writer.engine)
  expect(await bystander.text('/first')).toBe('known early')
  const second = await openTestRepository({ root })
  await second.write('/more', 'a')
  expect(await holdsAll(bystander)).toBe(true)
})

test('a process that knew the journal as it was commits on', async () => {
  const root = temporaryRoot()
  const bystander = await openTestRepository({ root })
  await bystander.write('/first', 'known early')
  const writer = await openTestRepository({ root })
  await fill(writer)
  await compact(writer.engine)
  await bystander.write('/last', 'written without a look')
  expect(await writer.text('/last')).toBe('written without a look')
})

test('a content that is damaged on the way is reported, and its part of the journal stays', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const [first = ''] = filesIn(repository.root, 'journal')
  flip(join(repository.root, first), 40_000)
  const report = await compact(repository.engine)
  expect(report.problems).toMatchObject([{ kind: 'content', path: '/files/0', version: '1' }])
  expect(filesIn(repository.root, 'journal')).toContain(first)
  await expect(repository.holds('/files/0', noise(60_000, 1))).rejects.toThrow('corrupt')
  expect(await repository.holds('/files/1', noise(60_000, 2))).toBe(true)
})

/** Dies at the nth turn of the journal, or when it is to be shortened. */
function dying(turn: number): (journal: JournalStore) => JournalStore {
  let count = 0
  const die = (): never => {
    throw new Error('the process dies here')
  }
  return (journal) => ({
    ...journal,
    append: (...args) => (++count === turn ? die() : journal.append(...args)),
    removeThrough: (...args) => (turn === 0 ? die() : journal.removeThrough(...args)),
  })
}

test.for([0, 1])('a crash in the middle of compaction loses nothing (%i)', async (turn) => {
  const root = temporaryRoot()
  const repository = await openTestRepository({ root })
  await fill(repository)
  await repository.close()
  const victim = await openTestRepository({ root, aroundJournal: dying(turn) })
  await expect(compact(victim.engine)).rejects.toThrow('the process dies here')
  await victim.close()
  rmSync(join(root, 'index.db'))
  const again = await openTestRepository({ root })
  expect(await holdsAll(again)).toBe(true)
  await compact(again.engine)
  expect(await holdsAll(again)).toBe(true)
})

test('a checkpoint is read back, the newest two are kept', async () => {
  const repository = await openTestRepository()
  for (let round = 0; round < 4; round++) {
    await repository.write('/a', `round ${round}`)
    await writeCheckpoint(repository.engine)
  }
  const names = filesIn(repository.root, 'checkpoints')
  expect(names.map((name) => Number(name.slice(12, 32)))).toEqual([3, 4])
})

test('a damaged checkpoint gives way to the older one', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  await repository.backend.snapshot?.(at('/files'), 'named')
  await compact(repository.engine)
  await repository.write('/after', 'compaction')
  await repository.close()
  const [, newest = ''] = filesIn(repository.root, 'checkpoints')
  flip(join(repository.root, newest))
  rmSync(join(repository.root, 'index.db'))
  const again = await openTestRepository({ root: repository.root })
  expect(await holdsAll(again)).toBe(true)
  expect(await again.text('/after')).toBe('compaction')
  expect(await (await again.backend.read(at('/files/3'), { snapshot: 'named' })).bytes()).toHaveLength(60_000)
})

test('a checkpoint that is cut short gives way to the whole journal, while that still begins with the first commit', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', 'kept')
  const { key } = await writeCheckpoint(repository.engine)
  await repository.close()
  const path = join(repository.root, key)
  writeFileSync(path, readFileSync(path).subarray(0, -40))
  rmSync(join(repository.root, 'index.db'))
  expect(await (await openTestRepository({ root: repository.root })).text('/a')).toBe('kept')
})

test('without a whole checkpoint a journal that was shortened cannot be opened, and says so', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  await compact(repository.engine)
  await repository.close()
  for (const name of filesIn(repository.root, 'checkpoints')) flip(join(repository.root, name))
  rmSync(join(repository.root, 'index.db'))
  await expect(openTestRepository({ root: repository.root })).rejects.toThrow(/no whole checkpoint.*corrupt/s)
})

test('a checkpoint that was copied from another repository is passed over', async () => {
  const other = await openTestRepository()
  for (let round = 0; round < 3; round++) await other.write('/foreign', `${round}`)
  const { key } = await writeCheckpoint(other.engine)
  const repository = await openTestRepository()
  for (let round = 0; round < 3; round++) await repository.write('/own', `${round}`)
  await repository.close()
  writeFileSync(join(repository.root, key), readFileSync(join(other.root, key)))
  rmSync(join(repository.root, 'index.db'))
  expect(await (await openTestRepository({ root: repository.root })).text('/own')).toBe('2')
})

/** Fills the segment that is written so far that compaction's own commit begins the next one. */
async function fillSegment({ write, root, engine }: TestRepository): Promise<void> {
  const overhead = 700
  const { segment } = engine.position
  const sizeBytes = statSync(join(root, 'journal', String(segment).padStart(20, '0'))).size
  const room = (): number => sizeBytes - engine.position.offset - overhead
  for (let seed = 6000; room() > 50_000; seed++) await write(`/filler/${seed}`, noise(40_000, seed))
  await write('/filler/last', noise(room(), 5999))
  expect(engine.position.segment).toBe(segment)
}

test('the segment that was the last one when contents were moved stays, although compaction itself begins the next', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  await fillSegment(repository)
  const { segment } = repository.engine.position
  await compact(repository.engine)
  expect(repository.engine.position.segment).toBeGreaterThan(segment)
  expect((await (await repository.backend.read(at('/filler/last'))).bytes()).length).toBeGreaterThan(1000)
  expect(await holdsAll(repository)).toBe(true)
})
