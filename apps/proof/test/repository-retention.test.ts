import { rmSync } from 'node:fs'
import { applyRetention } from '@nexus/core'
import { expect, test } from 'vitest'
import { all, at, openTestRepository, type TestRepository } from './repository-kit.ts'

const day = 24 * 60 * 60 * 1000

/** A repository whose clock stands where the test puts it. */
async function open(): Promise<TestRepository & { pass(days: number): void }> {
  let now = Date.UTC(2026, 0, 1)
  const repository = await openTestRepository({ now: () => now })
  return { ...repository, pass: (days) => void (now += days * day) }
}

async function kept({ backend }: TestRepository, path: string): Promise<number> {
  return (await all(backend.versions?.(at(path)))).length
}

test('a version goes 30 days after it was replaced, not after it was written', async () => {
  const repository = await open()
  await repository.write('/a', 'first')
  repository.pass(300)
  await repository.write('/a', 'second')
  repository.pass(29)
  expect(await applyRetention(repository.engine)).toEqual({ versions: 0, entries: 0 })
  repository.pass(2)
  expect(await applyRetention(repository.engine)).toEqual({ versions: 1, entries: 0 })
  expect(await kept(repository, '/a')).toBe(1)
  expect(await repository.text('/a')).toBe('second')
})

test('what is beyond the newest versions goes at any age, the newest of a live file never', async () => {
  const repository = await open()
  for (let count = 1; count <= 10; count++) await repository.write('/a', `version ${count}`)
  expect(await applyRetention(repository.engine, { keepVersions: 4 })).toEqual({ versions: 6, entries: 0 })
  expect(await kept(repository, '/a')).toBe(4)
  repository.pass(1000)
  await applyRetention(repository.engine, { keepVersions: 1 })
  expect(await kept(repository, '/a')).toBe(1)
  expect(await repository.text('/a')).toBe('version 10')
})

test('100 versions are kept unless another number is given', async () => {
  const repository = await open()
  for (let count = 1; count <= 105; count++) await repository.write('/a', `version ${count}`)
  expect(await applyRetention(repository.engine)).toEqual({ versions: 5, entries: 0 })
  expect(await kept(repository, '/a')).toBe(100)
})

test('a deleted file goes whole when its place was left long enough ago', async () => {
  const repository = await open()
  await repository.write('/a', 'first')
  await repository.write('/a', 'second')
  await repository.backend.delete(at('/a'))
  repository.pass(29)
  await applyRetention(repository.engine)
  expect(await kept(repository, '/a')).toBe(2)
  repository.pass(2)
  expect(await applyRetention(repository.engine)).toEqual({ versions: 2, entries: 1 })
  await expect(kept(repository, '/a')).rejects.toThrow('not_found')
})

test('a deleted tree goes with all that was in it', async () => {
  const repository = await open()
  await repository.write('/tree/deep/a', 'first')
  await repository.backend.delete(at('/tree'), { recursive: true })
  repository.pass(31)
  expect(await applyRetention(repository.engine)).toMatchObject({ entries: 1 })
  const reader = await repository.engine.settleIndex()
  expect(reader?.database.prepare('SELECT (SELECT count(*) FROM entries) + (SELECT count(*) FROM past) + (SELECT count(*) FROM versions) AS rows').get()).toEqual({ rows: 0 })
})

test('a file that was moved keeps its versions when the place it left is forgotten', async () => {
  const repository = await open()
  await repository.write('/a', 'first')
  await repository.backend.rename?.(at('/a'), at('/b'))
  repository.pass(31)
  expect(await applyRetention(repository.engine)).toEqual({ versions: 0, entries: 1 })
  expect(await repository.text('/b')).toBe('first')
})

test('what a named snapshot shows never goes, until the snapshot is deleted', async () => {
  const repository = await open()
  await repository.write('/tree/a', 'first')
  await repository.write('/tree/b', 'other')
  await repository.backend.snapshot?.(at('/'), 'kept')
  await repository.write('/tree/a', 'second')
  await repository.write('/tree/a', 'third')
  await repository.backend.delete(at('/tree/b'))
  await repository.backend.rename?.(at('/tree'), at('/moved'))
  repository.pass(1000)
  await applyRetention(repository.engine, { keepVersions: 1 })
  const shown = async (path: string): Promise<string> => (await repository.backend.read(at(path), { snapshot: 'kept' })).text()
  expect([await shown('/tree/a'), await shown('/tree/b')]).toEqual(['first', 'other'])
  expect(await kept(repository, '/moved/a')).toBe(2)
  await repository.backend.deleteSnapshot?.(at('/'), 'kept')
  await applyRetention(repository.engine, { keepVersions: 1 })
  expect(await kept(repository, '/moved/a')).toBe(1)
  await expect(shown('/tree/b')).rejects.toThrow('not_found')
})

test('a rebuilt index forgets the same', async () => {
  const repository = await open()
  for (let count = 1; count <= 10; count++) await repository.write('/a', `version ${count}`)
  await applyRetention(repository.engine, { keepVersions: 4 })
  await repository.close()
  rmSync(`${repository.root}/index.db`)
  expect(await kept(await openTestRepository({ root: repository.root }), '/a')).toBe(4)
})

test('an aborted retention rejects with the reason, and what it committed stands', async () => {
  const repository = await open()
  for (let count = 1; count <= 10; count++) await repository.write('/a', `version ${count}`)
  const reason = new Error('enough')
  await expect(applyRetention(repository.engine, { keepVersions: 4, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(await kept(repository, '/a')).toBe(10)
})
