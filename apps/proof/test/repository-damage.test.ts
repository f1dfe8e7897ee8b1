import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalStore } from '@nexus/backend-local'
import { backup, compact, type ContentStore, fsck, restoreBackup, writeCheckpoint } from '@nexus/core'
import { expect, test } from 'vitest'
import { at, filesIn, noise, openTestRepository, temporaryRoot, type TestRepository } from './repository-kit.ts'

/** Contents of which each of the first reads goes wrong in that way. */
function wrongAtFirst(how: (bytes: Uint8Array) => Uint8Array, times: number): (contents: ContentStore) => ContentStore {
  let left = times
  return (contents) => ({
    ...contents,
    async read(key, range, options) {
      const bytes = await contents.read(key, range, options)
      return key.startsWith('cas/') && left-- > 0 ? how(bytes) : bytes
    },
  })
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 7 ? byte ^ 1 : byte))

test('a content that reads wrong once is read once more, and nothing is put out of use', async () => {
  const root = temporaryRoot()
  const repository = await openTestRepository({ root, around: wrongAtFirst(flipped, 1) })
  await repository.write('/a', noise(300_000))
  expect(await repository.holds('/a', noise(300_000))).toBe(true)
  expect(repository.engine.position.sequence).toBe(1)
  expect(filesIn(root, 'quarantine')).toEqual([])
})

test('a content that reads wrong twice is damage, but what then turns out to be whole stays in use', async () => {
  const root = temporaryRoot()
  const repository = await openTestRepository({ root, around: wrongAtFirst(flipped, 2) })
  await repository.write('/a', noise(300_000))
  await expect(repository.holds('/a', noise(300_000))).rejects.toThrow('corrupt')
  expect(filesIn(root, 'quarantine')).toEqual([])
  expect(await repository.holds('/a', noise(300_000))).toBe(true)
})

test('a content that is damaged on the disk is in quarantine after two reads, until the same bytes are written again', async () => {
  const root = temporaryRoot()
  const repository = await openTestRepository({ root })
  await repository.write('/a', noise(300_000))
  const [object = ''] = filesIn(root, 'cas')
  writeFileSync(join(root, object), flipped(readFileSync(join(root, object))))
  await expect(repository.holds('/a', noise(300_000))).rejects.toThrow('corrupt')
  expect(filesIn(root, 'cas')).toEqual([])
  expect(filesIn(root, 'quarantine')).toHaveLength(1)
  await repository.write('/b', noise(300_000))
  expect(await repository.holds('/a', noise(300_000))).toBe(true)
  expect(await fsck(repository.engine, { readData: true })).toMatchObject({ ok: true })
})

/** Puts another digest into the trailer of a checkpoint; every other line stays. */
function forgeTrailer(path: string): void {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const trailer = JSON.parse(lines.at(-1) ?? '{}') as { digest: string }
  writeFileSync(path, `${[...lines.slice(0, -1), JSON.stringify({ ...trailer, digest: '0'.repeat(64) })].join('\n')}\n`)
}

test('a checkpoint whose trailer has another digest is not used', async () => {
  const repository = await openTestRepository()
  for (let index = 0; index < 60; index++) await repository.write(`/files/${index}`, noise(60_000, index + 1))
  await compact(repository.engine)
  await repository.close()
  const { root } = repository
  const [older = '', newest = ''] = filesIn(root, 'checkpoints')
  forgeTrailer(join(root, newest))
  rmSync(join(root, 'index.db'))
  const again = await openTestRepository({ root })
  expect(await again.holds('/files/3', noise(60_000, 4))).toBe(true)
  expect(await fsck(again.engine)).toMatchObject({ ok: false, problems: [{ kind: 'checkpoint', key: newest }] })
  await again.close()
  forgeTrailer(join(root, older))
  rmSync(join(root, 'index.db'))
  await expect(openTestRepository({ root })).rejects.toThrow(/no whole checkpoint.*corrupt/s)
})

const pasts: readonly (readonly [string, (repository: TestRepository) => Promise<void>])[] = [
  ['of one commit, whose content is an object', ({ write }) => write('/file', noise(300_000))],
  ['of one commit, whose content is made of parts', ({ write }) => write('/file', noise(3_000_000))],
  [
    'that was compacted',
    async ({ write, engine }) => {
      for (let index = 0; index < 60; index++) await write(`/files/${index}`, noise(60_000, index + 1))
      await write('/file', noise(300_000))
      await compact(engine)
    },
  ],
  [
    'that has a checkpoint',
    async ({ backend, write, engine }) => {
      await backend.mkdir(at('/directory'))
      await writeCheckpoint(engine)
      await write('/file', noise(300_000))
    },
  ],
]

for (const digest of ['blake3', 'sha256'] as const) {
  test.for(pasts)(`a nexus.json that is lost is written again for a repository %s (${digest})`, async ([, live]) => {
    const root = temporaryRoot()
    const repository = await openTestRepository({ root, digest })
    await live(repository)
    const bytes = await (await repository.backend.read(at('/file'))).bytes()
    await repository.close()
    const before = JSON.parse(readFileSync(join(root, 'nexus.json'), 'utf8')) as object
    for (const name of ['nexus.json', 'index.db']) rmSync(join(root, name))
    expect(await fsck({ ...(await openLocalStore({ root })), indexPath: join(root, 'index.db') }, { repair: true, readData: true })).toMatchObject({ ok: true })
    expect(JSON.parse(readFileSync(join(root, 'nexus.json'), 'utf8'))).toMatchObject({ ...before, created: expect.any(Number) as number })
    expect(await (await openTestRepository({ root })).holds('/file', bytes)).toBe(true)
  })
}

test('also for one that was restored from a backup and that nobody has written to since', async () => {
  const repository = await openTestRepository({ digest: 'sha256' })
  await repository.write('/file', noise(300_000))
  const [saved, root] = [await openLocalStore({ root: temporaryRoot() }), temporaryRoot()]
  await backup(repository.engine, saved.contents)
  const target = await openLocalStore({ root })
  await restoreBackup(saved.contents, target)
  await target.journal.close()
  const before = readFileSync(join(root, 'nexus.json'), 'utf8')
  rmSync(join(root, 'nexus.json'))
  expect(await fsck({ ...(await openLocalStore({ root })), indexPath: join(root, 'index.db') }, { repair: true, readData: true })).toMatchObject({ ok: true })
  expect(JSON.parse(readFileSync(join(root, 'nexus.json'), 'utf8'))).toEqual(JSON.parse(before))
  expect(await (await openTestRepository({ root })).holds('/file', noise(300_000))).toBe(true)
})
