import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openLocalStore } from '@nexus/backend-local'
import { collectGarbage, compact, fsck, type FsckOptions, type FsckReport, scrub, writeCheckpoint } from '@nexus/core'
import { expect, test } from 'vitest'
import { at, beforeFirstTurn, filesIn, flip, noise, openTestRepository, type TestRepository } from './repository-kit.ts'

/** Small, middle and large files, in directories, with versions, a snapshot, a copy and a deleted file. */
async function fill(repository: TestRepository): Promise<void> {
  const { write, backend } = repository
  await write('/small', 'first')
  await write('/small', 'second')
  await write('/tree/middle', noise(300_000, 2))
  await write('/tree/large', noise(20_000_000, 3))
  await backend.copy?.(at('/tree'), at('/copy'))
  await backend.snapshot?.(at('/'), 'named')
  await write('/gone', noise(100_000, 4))
  await backend.delete(at('/gone'))
}

async function openFilled(): Promise<TestRepository> {
  const repository = await openTestRepository()
  await fill(repository)
  return repository
}

/** Checks storage that nobody has open. */
async function check(root: string, options: FsckOptions = {}): Promise<FsckReport> {
  return fsck({ ...(await openLocalStore({ root })), indexPath: join(root, 'index.db') }, options)
}

/** The file in `cas/` of that size. */
function objectOf(root: string, sizeBytes: number): string {
  const found = filesIn(root, 'cas').find((path) => statSync(join(root, path)).size === sizeBytes)
  return join(root, found ?? 'none of that size')
}

test('a whole repository is whole, in everything that is counted', async () => {
  const repository = await openFilled()
  for (const options of [{}, { readData: true }]) {
    const report = await fsck(repository.engine, options)
    expect(report).toMatchObject({ ok: true, files: 5, problems: [], repaired: [] })
    expect(report.commits).toBe(repository.engine.position.sequence)
    expect(report.contents).toBe(8)
    expect(report.bytes).toBe(20_000_000 + 300_000 + 100_000 + 11 + 640)
  }
})

test('it stays so through garbage collection, compaction and a checkpoint', async () => {
  const repository = await openFilled()
  await collectGarbage(repository.engine, { retention: { keepVersions: 1, keepMs: -1 } })
  await compact(repository.engine)
  await writeCheckpoint(repository.engine)
  expect(await fsck(repository.engine, { readData: true })).toMatchObject({ ok: true, problems: [] })
})

test('a flipped bit in an object is found by reading it, and told with every file and version that has it', async () => {
  const repository = await openFilled()
  flip(objectOf(repository.root, 300_000))
  expect(await fsck(repository.engine)).toMatchObject({ ok: true })
  const report = await fsck(repository.engine, { readData: true })
  expect(report.ok).toBe(false)
  expect(report.problems.map(({ kind, path, version }) => [kind, path, version])).toEqual([['content', '/copy/middle', '5'], ['content', '/tree/middle', '3']])
})

test.for([
  ['is missing', (path: string) => rmSync(path)],
  ['is cut short', (path: string) => truncateSync(path, 1000)],
] as const)('a part of a large file that %s is found without reading, and told with the file', async ([, damage]) => {
  const repository = await openFilled()
  damage(objectOf(repository.root, 20_000_000 - 2 * 8 * 1024 * 1024))
  const { problems } = await fsck(repository.engine)
  expect(problems.filter(({ path }) => path !== undefined).map(({ path }) => path)).toEqual(['/copy/large', '/tree/large'])
  await expect(repository.holds('/tree/large', noise(20_000_000, 3))).rejects.toThrow('corrupt')
})

test('damage is never served, goes into quarantine, and is healed by writing the same bytes again', async () => {
  const repository = await openFilled()
  flip(objectOf(repository.root, 300_000))
  flip(objectOf(repository.root, 20_000_000 - 2 * 8 * 1024 * 1024))
  await expect(repository.holds('/tree/middle', noise(300_000, 2))).rejects.toThrow('corrupt')
  await expect(repository.holds('/tree/large', noise(20_000_000, 3))).rejects.toThrow('corrupt')
  expect(filesIn(repository.root, 'quarantine')).toHaveLength(2)
  await repository.write('/healing', noise(300_000, 2))
  await repository.write('/healing', noise(20_000_000, 3))
  expect(await repository.holds('/tree/middle', noise(300_000, 2))).toBe(true)
  expect(await repository.holds('/copy/large', noise(20_000_000, 3))).toBe(true)
  expect(await fsck(repository.engine, { readData: true })).toMatchObject({ ok: true })
})

test('a content that somebody heals before it is put in quarantine stays where it is', async () => {
  const repository = await openFilled()
  const healer = await openTestRepository({ root: repository.root })
  const path = objectOf(repository.root, 300_000)
  const whole = readFileSync(path)
  flip(path)
  const victim = await openTestRepository({
    root: repository.root,
    // Found damaged twice; before its turn comes, another process has put it in quarantine and has written it again.
    aroundJournal: beforeFirstTurn(async () => {
      await expect(healer.text('/tree/middle')).rejects.toThrow('corrupt')
      await healer.write('/healing', whole)
    }),
  })
  await expect(victim.text('/tree/middle')).rejects.toThrow('corrupt')
  expect(await victim.holds('/tree/middle', noise(300_000, 2))).toBe(true)
  expect(await fsck(repository.engine, { readData: true })).toMatchObject({ ok: true })
})

test('scrub reads everything, puts what is wrong into quarantine and tells whose it is', async () => {
  const repository = await openFilled()
  flip(objectOf(repository.root, 300_000))
  const report = await scrub(repository.engine, { bytesPerSecond: 1e9 })
  expect(report).toMatchObject({ contents: 8, bytes: 20_000_000 + 300_000 + 100_000 + 11 + 640 })
  expect(report.problems.map(({ path }) => path)).toEqual(['/copy/middle', '/tree/middle'])
  expect(filesIn(repository.root, 'quarantine')).toHaveLength(1)
  expect((await fsck(repository.engine)).problems.map(({ path, message }) => [path, message])).toEqual([
    ['/copy/middle', 'The content was found damaged before and is in quarantine.'],
    ['/tree/middle', 'The content was found damaged before and is in quarantine.'],
  ])
})

test('repair brings a content back from quarantine, when it is whole after all, and from an object of another key', async () => {
  const repository = await openFilled()
  const middle = objectOf(repository.root, 300_000)
  const part = objectOf(repository.root, 20_000_000 - 2 * 8 * 1024 * 1024)
  const whole = readFileSync(middle)
  flip(middle)
  copyFileSync(part, `${part}.99`)
  flip(part)
  await scrub(repository.engine)
  const [held = ''] = filesIn(repository.root, 'quarantine').filter((path) => statSync(join(repository.root, path)).size === 300_000)
  writeFileSync(join(repository.root, held), whole)
  const report = await fsck(repository.engine, { repair: true, readData: true })
  expect(report).toMatchObject({ ok: true, problems: [] })
  expect(report.repaired).toHaveLength(2)
  expect(await repository.holds('/tree/middle', noise(300_000, 2))).toBe(true)
  expect(await repository.holds('/copy/large', noise(20_000_000, 3))).toBe(true)
})

test('repair brings a content back from the journal, as long as it stands there', async () => {
  for (const isKept of [true, false]) {
    const repository = await openTestRepository({
      aroundJournal: (journal) => ({ ...journal, removeThrough: (...args) => (isKept ? Promise.resolve() : journal.removeThrough(...args)) }),
    })
    for (let index = 0; index < 60; index++) await repository.write(`/files/${index}`, noise(60_000, index + 1))
    await compact(repository.engine)
    const [pack = ''] = filesIn(repository.root, 'packs')
    flip(join(repository.root, pack))
    const report = await fsck(repository.engine, { readData: true })
    expect(report.problems.map(({ kind }) => kind).sort()).toEqual(['content', 'pack'])
    const after = await fsck(repository.engine, { readData: true, repair: true })
    expect(after.problems.map(({ kind }) => kind).sort()).toEqual(isKept ? ['pack'] : ['content', 'pack'])
    expect(after.repaired).toHaveLength(isKept ? 1 : 0)
  }
})

test('what cannot be saved is listed, with path and version', async () => {
  const repository = await openFilled()
  rmSync(objectOf(repository.root, 300_000))
  const report = await fsck(repository.engine, { repair: true })
  expect(report.ok).toBe(false)
  expect(report.problems.map(({ path, version }) => `${path ?? ''}@${version ?? ''}`)).toEqual(['/copy/middle@5', '/tree/middle@3'])
})

test('an index that differs from the journal is found row by row, and made again', async () => {
  const repository = await openFilled()
  await repository.close()
  const database = new DatabaseSync(join(repository.root, 'index.db'))
  database.exec("UPDATE entries SET size = size + 1 WHERE key = 'middle'; DELETE FROM versions WHERE node = 2")
  database.close()
  const report = await check(repository.root)
  expect(report.problems.map(({ kind }) => kind)).toEqual(['index', 'index'])
  expect(await check(repository.root, { repair: true })).toMatchObject({ ok: true, repaired: ['The index was made again from the journal.'] })
  expect(await check(repository.root)).toMatchObject({ ok: true })
})

test('damage in every part of the index is found or healed, and repaired', async () => {
  const repository = await openFilled()
  for (let index = 0; index < 300; index++) await repository.write(`/many/${index}`, `number ${index}`)
  await repository.close()
  const path = join(repository.root, 'index.db')
  const whole = readFileSync(path)
  expect(whole.length).toBeGreaterThan(12 * 4096)
  let found = 0
  for (let page = 0; page * 4096 < whole.length; page++) {
    const damaged = Buffer.from(whole)
    // The beginning of the page, and the last of its rows.
    for (const offset of [0, 1, 3, 4095, 4000]) damaged[page * 4096 + offset] = (damaged[page * 4096 + offset] ?? 0) ^ 0xff
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    writeFileSync(path, damaged)
    const report = await check(repository.root, { repair: true })
    expect(report).toMatchObject({ ok: true, files: 305, problems: [] })
    found += report.repaired.length
    expect(await check(repository.root)).toMatchObject({ ok: true, files: 305 })
  }
  expect(found).toBeGreaterThan(4)
})

test('a flipped bit in the journal is found, and what comes after its segment is still looked at', async () => {
  const repository = await openTestRepository()
  for (let index = 0; index < 120; index++) await repository.write(`/files/${index}`, noise(60_000, index + 1))
  await repository.close()
  const [first = '', second = ''] = filesIn(repository.root, 'journal')
  flip(join(repository.root, first), 540)
  flip(join(repository.root, second), 1000)
  const report = await check(repository.root)
  expect(report.ok).toBe(false)
  expect(report.problems.filter(({ kind }) => kind === 'journal').length).toBe(1)
  expect(report.commits).toBeGreaterThan(90)
  const read = await check(repository.root, { readData: true })
  expect(read.problems.filter(({ kind }) => kind === 'journal').length).toBe(2)
})

test('a journal that was exchanged for another, whole in itself, does not pass', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', 'one')
  await repository.write('/a', 'two')
  await repository.close()
  const other = await openTestRepository()
  await other.write('/b', 'one')
  await other.write('/b', 'two')
  await other.write('/b', 'three')
  await other.close()
  const [segment = ''] = filesIn(other.root, 'journal')
  copyFileSync(join(other.root, segment), join(repository.root, segment))
  rmSync(join(repository.root, 'head'))
  expect(await check(repository.root)).toMatchObject({ ok: false, problems: [{ kind: 'journal' }] })
})

test.for([
  ['lost', (path: string) => rmSync(path)],
  ['damaged', (path: string) => writeFileSync(path, '{"marker"')],
] as const)('a nexus.json that is %s is written again from the journal', async ([, damage]) => {
  for (const digest of ['blake3', 'sha256'] as const) {
    const repository = await openTestRepository({ digest })
    await fill(repository)
    await repository.close()
    const path = join(repository.root, 'nexus.json')
    const { id } = JSON.parse(readFileSync(path, 'utf8')) as { id: string }
    damage(path)
    expect(await check(repository.root)).toMatchObject({ ok: false, problems: [{ kind: 'descriptor', key: 'nexus.json' }] })
    expect(await check(repository.root, { repair: true, readData: true })).toMatchObject({ ok: true, repaired: [`nexus.json was written again, for repository ${id}.`] })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ id, digest, marker: 'nexus-repository', format: 1 })
    expect(await (await openTestRepository({ root: repository.root })).text('/small')).toBe('second')
  }
})

test('damaged checkpoints and packs are told', async () => {
  const repository = await openTestRepository()
  for (let index = 0; index < 60; index++) await repository.write(`/files/${index}`, noise(60_000, index + 1))
  await compact(repository.engine)
  for (const path of [...filesIn(repository.root, 'packs'), ...filesIn(repository.root, 'checkpoints')]) flip(join(repository.root, path), 50)
  const report = await fsck(repository.engine)
  expect(report.problems.map(({ kind }) => kind).sort()).toEqual(['checkpoint', 'checkpoint', 'checkpoint', 'pack'])
  // The index is all that knows what the journal held before it was shortened: repairing keeps it, and writes a checkpoint.
  const repaired = await fsck(repository.engine, { repair: true })
  expect(repaired.problems.map(({ kind }) => kind)).toEqual(['pack'])
  await repository.close()
  rmSync(join(repository.root, 'index.db'))
  const again = await openTestRepository({ root: repository.root })
  expect((await again.backend.stat(at('/files/7'))).sizeBytes).toBe(60_000)
})

test('an index that was deleted under a running process is made again by whoever needs it', async () => {
  const repository = await openFilled()
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(repository.root, `index.db${suffix}`), { force: true })
  expect(await fsck(repository.engine)).toMatchObject({ ok: true })
  await repository.write('/after', 'the loss')
  await repository.close()
  expect(await (await openTestRepository({ root: repository.root })).text('/after')).toBe('the loss')
})

test('an index that is restored from an old copy catches up, also behind a compaction', async () => {
  const repository = await openFilled()
  await repository.close()
  const path = join(repository.root, 'index.db')
  const old = readFileSync(path)
  const writer = await openTestRepository({ root: repository.root })
  for (let index = 0; index < 60; index++) await writer.write(`/files/${index}`, noise(60_000, index + 1))
  await compact(writer.engine)
  await writer.write('/small', 'third')
  await writer.close()
  writeFileSync(path, old)
  const again = await openTestRepository({ root: repository.root })
  expect(await again.text('/small')).toBe('third')
  expect(await fsck(again.engine, { readData: true })).toMatchObject({ ok: true })
})

test('a check that is aborted rejects with the reason', async () => {
  const repository = await openFilled()
  const reason = new Error('enough')
  await expect(fsck(repository.engine, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
