import { rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { type ContentStore, fsck } from '@nexus/core'
import { expect, test } from 'vitest'
import { all, at, filesIn, noise, openTestRepository, temporaryRoot, type TestRepository } from './repository-kit.ts'

/** The file in `cas/` of that size. */
function objectOf(root: string, sizeBytes: number): string {
  const found = filesIn(root, 'cas').find((path) => statSync(join(root, path)).size === sizeBytes)
  return join(root, found ?? 'none of that size')
}

/** Notes the keys that are synced. */
function watchSyncs(synced: string[]): (contents: ContentStore) => ContentStore {
  return (contents) => ({
    ...contents,
    sync(keys, options) {
      synced.push(...keys)
      return contents.sync(keys, options)
    },
  })
}

async function openAfterCut(root: string, synced: string[] = []): Promise<TestRepository> {
  return openTestRepository({ root, bootId: 'second boot', around: watchSyncs(synced) })
}

test('after a power cut a file whose newest content is lost shows its last whole version, and is told', async () => {
  const root = temporaryRoot()
  const before = await openTestRepository({ root, bootId: 'first boot' })
  await before.write('/a', noise(100_000, 1))
  await before.write('/a', noise(200_000, 2))
  await before.write('/a', noise(300_000, 3))
  await before.write('/large', noise(9_000_000, 4))
  await before.write('/large', noise(19_000_000, 5))
  await before.write('/whole', noise(400_000, 6))
  await before.backend.setMetadata?.(at('/a'), { colour: 'blue' })
  await before.close()
  rmSync(objectOf(root, 200_000))
  truncateSync(objectOf(root, 300_000), 4096)
  rmSync(objectOf(root, 19_000_000 - 2 * 8 * 1024 * 1024))
  const after = await openAfterCut(root)
  expect(after.engine.recovered.map(({ kind, path, version }) => [kind, path, version])).toEqual([['recovered', '/a', '7'], ['recovered', '/large', '5']])
  expect(await after.holds('/a', noise(100_000, 1))).toBe(true)
  expect(await after.holds('/large', noise(9_000_000, 4))).toBe(true)
  expect(await after.holds('/whole', noise(400_000, 6))).toBe(true)
  const { problems } = await fsck(after.engine)
  expect(problems.filter(({ kind }) => kind === 'recovered')).toHaveLength(2)
  expect((await all(after.backend.versions?.(at('/a')))).map(({ current }) => current)).toEqual([true, false, false, false, false])
  await after.write('/a', 'goes on')
  await after.close()
  const later = await openAfterCut(root)
  expect(later.engine.recovered).toEqual([])
  expect(await later.text('/a')).toBe('goes on')
})

test('a file without an older version stays, reads as corrupt, and is healed by writing it again', async () => {
  const root = temporaryRoot()
  const before = await openTestRepository({ root, bootId: 'first boot' })
  await before.write('/a', noise(100_000, 1))
  await before.close()
  rmSync(objectOf(root, 100_000))
  const after = await openAfterCut(root)
  expect(after.engine.recovered).toMatchObject([{ path: '/a', message: expect.stringContaining('No whole version') as string }])
  await expect(after.text('/a')).rejects.toThrow('corrupt')
  await after.write('/a', noise(100_000, 1))
  expect(await after.holds('/a', noise(100_000, 1))).toBe(true)
})

test('what is whole is put on disk, once', async () => {
  const root = temporaryRoot()
  const before = await openTestRepository({ root, bootId: 'first boot' })
  await before.write('/a', noise(100_000, 1))
  await before.write('/large', noise(19_000_000, 2))
  await before.close()
  const synced: string[] = []
  await (await openAfterCut(root, synced)).close()
  expect(synced).toHaveLength(4)
  await (await openTestRepository({ root, bootId: 'third boot', around: watchSyncs(synced) })).close()
  expect(synced).toHaveLength(4)
})

test('a lost index hides nothing: without it what was not synced is looked at too', async () => {
  const root = temporaryRoot()
  const before = await openTestRepository({ root, bootId: 'first boot' })
  await before.write('/a', noise(100_000, 1))
  await before.write('/a', noise(200_000, 2))
  await before.close()
  rmSync(join(root, 'index.db'))
  rmSync(objectOf(root, 200_000))
  const after = await openAfterCut(root)
  expect(after.engine.recovered).toMatchObject([{ path: '/a', version: '2' }])
  expect(await after.holds('/a', noise(100_000, 1))).toBe(true)
})

test('in the same boot nothing is looked at, and what was written under fsync never is', async () => {
  const root = temporaryRoot()
  const synced: string[] = []
  const before = await openTestRepository({ root, bootId: 'first boot' })
  await before.write('/a', noise(100_000, 1))
  await before.close()
  await (await openTestRepository({ root, bootId: 'first boot', around: watchSyncs(synced) })).close()
  const careful = temporaryRoot()
  const writer = await openTestRepository({ root: careful, bootId: 'first boot', durability: 'fsync' })
  await writer.write('/a', noise(100_000, 1))
  await writer.close()
  await (await openAfterCut(careful, synced)).close()
  expect(synced).toEqual([])
})

test('a read-only repository is opened without a change', async () => {
  const root = temporaryRoot()
  const before = await openTestRepository({ root, bootId: 'first boot' })
  await before.write('/a', noise(100_000, 1))
  await before.write('/a', noise(200_000, 2))
  await before.close()
  rmSync(objectOf(root, 200_000))
  const reader = await openTestRepository({ root, bootId: 'second boot', readonly: true })
  expect(reader.engine.position.sequence).toBe(2)
  await expect(reader.text('/a')).rejects.toThrow('corrupt')
})

const ways: readonly (readonly [string, (repository: TestRepository) => Promise<unknown>])[] = [
  ['a write of the same bytes', (repository) => repository.write('/again', noise(100_000, 1))],
  ['a copy', async ({ backend }) => backend.copy?.(at('/tree/a'), at('/again'))],
  ['a copy of a tree', async ({ backend }) => backend.copy?.(at('/tree'), at('/again'))],
  ['a change of metadata', async ({ backend }) => backend.setMetadata?.(at('/tree/a'), { colour: 'blue' })],
  ['a batch', async ({ backend }) => backend.batch?.([{ op: 'copy', from: at('/tree/a'), to: at('/again') }])],
]

test.for(ways)('%s that asks for fsync puts on disk what it refers to and what is not', async ([, commit]) => {
  const root = temporaryRoot()
  const loose = await openTestRepository({ root })
  await loose.write('/tree/a', noise(100_000, 1))
  const synced: string[] = []
  const careful = await openTestRepository({ root, durability: 'fsync', around: watchSyncs(synced) })
  await commit(careful)
  expect(synced).toHaveLength(1)
  await commit(careful).catch(() => undefined)
  expect(synced).toHaveLength(1)
})

test('a large file that is written again under fsync has all its parts put on disk', async () => {
  const root = temporaryRoot()
  const loose = await openTestRepository({ root })
  await loose.write('/large', noise(19_000_000, 1))
  const synced: string[] = []
  const careful = await openTestRepository({ root, durability: 'fsync', around: watchSyncs(synced) })
  await careful.write('/again', noise(19_000_000, 1))
  await careful.backend.copy?.(at('/large'), at('/copy'))
  expect(synced).toHaveLength(3)
})
