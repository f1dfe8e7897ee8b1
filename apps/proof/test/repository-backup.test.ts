import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalStore } from '@nexus/backend-local'
import { backup, type BackupReport, collectGarbage, compact, type ContentStore, fsck, restoreBackup, type RestoreReport } from '@nexus/core'
import { expect, test } from 'vitest'
import { all, at, filesIn, flip, noise, openTestRepository, temporaryRoot, type TestRepository } from './repository-kit.ts'

async function storeAt(root: string): Promise<ContentStore> {
  return (await openLocalStore({ root })).contents
}

async function backUp(repository: TestRepository, root: string): Promise<BackupReport> {
  return backup(repository.engine, await storeAt(root))
}

async function restore(from: string, to: string): Promise<RestoreReport> {
  const target = await openLocalStore({ root: to })
  try {
    return await restoreBackup(await storeAt(from), target)
  } finally {
    await target.journal.close()
  }
}

async function fill({ write, backend }: TestRepository): Promise<void> {
  await write('/small', 'first')
  await write('/small', 'second')
  await write('/tree/middle', noise(300_000, 2))
  await write('/tree/large', noise(20_000_000, 3))
  await backend.copy?.(at('/tree'), at('/copy'))
  await backend.snapshot?.(at('/'), 'named')
  await write('/small', 'third')
  await backend.delete(at('/tree/middle'))
}

for (const digest of ['blake3', 'sha256'] as const) {
  test(`what is restored is the same, with versions, snapshots and identities, and goes on (${digest})`, async () => {
    const repository = await openTestRepository({ digest })
    await fill(repository)
    const [saved, root] = [temporaryRoot(), temporaryRoot()]
    const report = await backUp(repository, saved)
    expect(report).toMatchObject({ sequence: repository.engine.position.sequence, problems: [], kept: 0 })
    expect(await restore(saved, root)).toMatchObject({ sequence: report.sequence, contents: report.contents, damaged: [] })
    const restored = await openTestRepository({ root })
    expect(await all(restored.backend.list(at('/'), { recursive: true }))).toEqual(await all(repository.backend.list(at('/'), { recursive: true })))
    expect(await all(restored.backend.versions?.(at('/small')))).toEqual(await all(repository.backend.versions?.(at('/small'))))
    expect(await restored.holds('/copy/large', noise(20_000_000, 3))).toBe(true)
    expect(await (await restored.backend.read(at('/small'), { snapshot: 'named' })).text()).toBe('second')
    expect(await fsck(restored.engine, { readData: true })).toMatchObject({ ok: true })
    await restored.write('/small', 'fourth')
    await restored.close()
    rmSync(join(root, 'index.db'))
    const again = await openTestRepository({ root })
    expect(await again.text('/small')).toBe('fourth')
    expect((await all(again.backend.versions?.(at('/small')))).map(({ version }) => Number(version))).toEqual([report.sequence + 1, 7, 2, 1])
    expect(await fsck(again.engine, { readData: true })).toMatchObject({ ok: true })
  })
}

test('a restored repository that nobody has written to opens again', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const [saved, root] = [temporaryRoot(), temporaryRoot()]
  await backUp(repository, saved)
  await restore(saved, root)
  await (await openTestRepository({ root })).close()
  expect(await (await openTestRepository({ root })).text('/small')).toBe('third')
})

test('the second backup copies only what is new', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const saved = temporaryRoot()
  const first = await backUp(repository, saved)
  await repository.write('/new', noise(100_000, 9))
  await repository.write('/tiny', 'new')
  await compact(repository.engine)
  expect(await backUp(repository, saved)).toMatchObject({ contents: 2, bytes: 100_003, kept: first.contents })
  const root = temporaryRoot()
  await restore(saved, root)
  expect(await (await openTestRepository({ root })).text('/tiny')).toBe('new')
})

test('a backup is a state of one moment, whatever is written and collected meanwhile', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  await repository.write('/doomed', noise(200_000, 5))
  const [saved, root] = [temporaryRoot(), temporaryRoot()]
  const store = await storeAt(saved)
  let isBusy = false
  const report = await backup(repository.engine, {
    ...store,
    async stage(...args) {
      const staged = await store.stage(...args)
      if (!isBusy) {
        isBusy = true
        // What the backup has seen and not copied yet is collected, and more is written.
        await repository.backend.delete(at('/doomed'))
        await repository.backend.delete(at('/copy/large'))
        await collectGarbage(repository.engine, { retention: { keepVersions: 1, keepMs: -1 } })
        await compact(repository.engine)
        await repository.write('/late', 'after the cut')
      }
      return staged
    },
  })
  expect(report.problems).toEqual([])
  await restore(saved, root)
  const restored = await openTestRepository({ root })
  expect(await fsck(restored.engine, { readData: true })).toMatchObject({ ok: true, problems: [] })
  const names = (await all(restored.backend.list(at('/')))).map(({ name }) => name)
  expect(names.includes('doomed')).toBe(!names.includes('late'))
})

test('a copy that reads back differently is no backup', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const saved = temporaryRoot()
  const store = await storeAt(saved)
  const lying: ContentStore = { ...store, stage: (key, body, options) => store.stage(key, key.startsWith('cas/') ? body.map((byte) => byte ^ 1) : body, options) }
  await expect(backup(repository.engine, lying)).rejects.toThrow(/reads back differently.*corrupt/)
  expect(filesIn(saved, 'cas').length).toBeGreaterThan(0)
  await expect(restore(saved, temporaryRoot())).rejects.toThrow('No backup stands there')
})

test('what is damaged in the repository is told with its path, and the rest is saved', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const middle = filesIn(repository.root, 'cas').find((path) => statSync(join(repository.root, path)).size === 300_000) ?? ''
  flip(join(repository.root, middle))
  const [saved, root] = [temporaryRoot(), temporaryRoot()]
  const report = await backUp(repository, saved)
  expect(report.problems.map(({ path }) => path)).toEqual(['/copy/middle', '/tree/middle'])
  await restore(saved, root)
  const restored = await openTestRepository({ root })
  await expect(restored.text('/copy/middle')).rejects.toThrow('corrupt')
  expect(await restored.holds('/tree/large', noise(20_000_000, 3))).toBe(true)
})

test('damage in a backup is told, and what is whole is restored', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const [saved, root] = [temporaryRoot(), temporaryRoot()]
  await backUp(repository, saved)
  const middle = filesIn(saved, 'cas').find((path) => statSync(join(saved, path)).size === 300_000) ?? ''
  flip(join(saved, middle))
  expect((await restore(saved, root)).damaged).toHaveLength(1)
  const restored = await openTestRepository({ root })
  await expect(restored.text('/copy/middle')).rejects.toThrow('corrupt')
  expect(await restored.text('/small')).toBe('third')
})

test('a damaged checkpoint of a backup gives way to the one before', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', 'one')
  const [saved, root] = [temporaryRoot(), temporaryRoot()]
  await backUp(repository, saved)
  await repository.write('/a', 'two')
  await backUp(repository, saved)
  const [, newest = ''] = filesIn(saved, 'checkpoints')
  writeFileSync(join(saved, newest), readFileSync(join(saved, newest)).subarray(0, -10))
  await restore(saved, root)
  expect(await (await openTestRepository({ root })).text('/a')).toBe('one')
})

test('a backup without a whole checkpoint is damaged, and not absent', async () => {
  const repository = await openTestRepository()
  await repository.write('/a', 'one')
  const [saved, root] = [temporaryRoot(), temporaryRoot()]
  await backUp(repository, saved)
  for (const name of filesIn(saved, 'checkpoints')) flip(join(saved, name))
  await expect(restore(saved, root)).rejects.toThrow(/each of its checkpoints is damaged.*corrupt/)
  expect(filesIn(root, '.')).toEqual([])
})

test('a restore that was broken off is ended by the next one', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const [saved, root] = [temporaryRoot(), temporaryRoot()]
  await backUp(repository, saved)
  const target = await openLocalStore({ root })
  let left = 2
  const breaking: ContentStore = {
    ...target.contents,
    stage: (key, body, options) => (left-- > 0 ? target.contents.stage(key, body, options) : Promise.reject(new Error('The plug was pulled.'))),
  }
  await expect(restoreBackup(await storeAt(saved), { journal: target.journal, contents: breaking })).rejects.toThrow('The plug was pulled.')
  await target.journal.close()
  await restore(saved, root)
  const restored = await openTestRepository({ root })
  expect(await restored.holds('/tree/large', noise(20_000_000, 3))).toBe(true)
  expect(await restored.text('/small')).toBe('third')
  await restored.write('/more', 'goes on')
  await restored.close()
  await expect(restore(saved, root)).rejects.toThrow('already_exists')
})

test('a backup goes into no other repository\'s backup, and is restored into no place that is taken', async () => {
  const [one, two] = [await openTestRepository(), await openTestRepository()]
  await one.write('/a', 'one')
  await two.write('/a', 'two')
  const saved = temporaryRoot()
  await backUp(one, saved)
  await expect(backUp(two, saved)).rejects.toThrow('invalid_argument')
  await expect(restore(saved, two.root)).rejects.toThrow('already_exists')
  expect(await two.text('/a')).toBe('two')
})
