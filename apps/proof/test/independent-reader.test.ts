import { readFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { openLocalStore } from '@nexus/backend-local'
import { backup, collectGarbage, compact, restoreBackup } from '@nexus/core'
import { expect, test } from 'vitest'
import { readRepository } from '../src/independent-reader.ts'
import { all, at, filesIn, flip, noise, openTestRepository, temporaryRoot, type TestRepository } from './repository-kit.ts'

async function fill({ write, backend }: TestRepository): Promise<void> {
  await write('/empty', '')
  await write('/inline', 'a few bytes')
  await write('/tree/deep/middle', noise(300_000, 1))
  await write('/tree/large', noise(20_000_000, 2))
  await write('/tree/large-too', noise(1_500_000, 3))
  await write('/tree/a-b', 'sorts before the directory a/')
  await write('/tree/a/inner', 'in a directory')
  await write('/tree/ünïcode', 'beyond ASCII')
  await backend.copy?.(at('/tree'), at('/copy'))
  await write('/copy/a/inner', 'changed in the copy')
  await backend.rename?.(at('/tree/deep'), at('/elsewhere'))
  await backend.rename?.(at('/inline'), at('/renamed'))
  await write('/gone', noise(100_000, 4))
  await backend.delete(at('/gone'))
  await backend.delete(at('/copy/deep'), { recursive: true })
  await backend.mkdir(at('/empty-directory'))
  await backend.copy?.(at('/copy/large'), at('/empty'))
}

/** Whether the reader gives every file that the library lists, with the same bytes, and nothing else. */
async function agree({ root, backend }: TestRepository): Promise<boolean> {
  const files = (await all(backend.list(at('/'), { recursive: true }))).filter(({ kind }) => kind === 'file').map(({ path }) => path)
  const read = new Map((await readRepository(root)).map(({ path, bytes }) => [path, bytes]))
  expect([...read.keys()].sort()).toEqual([...files].sort())
  for (const path of files) {
    const bytes = await (await backend.read(path)).bytes()
    if (Buffer.compare(bytes, read.get(path) ?? Buffer.alloc(0)) !== 0) return false
  }
  return files.length > 8
}

test('the reader imports nothing of ours', () => {
  const source = readFileSync(join(import.meta.dirname, '../src/independent-reader.ts'), 'utf8')
  const imports = [...source.matchAll(/from '([^']+)'/g)].map(([, name]) => name)
  expect(imports).toEqual(['node:crypto', 'node:fs', 'node:path', 'hash-wasm'])
})

for (const digest of ['blake3', 'sha256'] as const) {
  test(`a reader that knows the page alone restores a repository, also a compacted one (${digest})`, async () => {
    const repository = await openTestRepository({ digest })
    await fill(repository)
    expect(await agree(repository)).toBe(true)
    for (let index = 0; index < 120; index++) await repository.write(`/files/${index}`, noise(60_000, index + 10))
    await repository.backend.delete(at('/files/7'))
    await collectGarbage(repository.engine, { retention: { keepVersions: 1, keepMs: -1 } })
    await compact(repository.engine)
    const [first = '', ...others] = filesIn(repository.root, 'journal')
    expect(others).toEqual([])
    // The beginning is gone: everything before this segment stands in checkpoints and packs.
    expect(Number(first.slice('journal/'.length))).toBeGreaterThan(50)
    expect(filesIn(repository.root, 'packs').length).toBeGreaterThan(0)
    await repository.write('/copy/large', 'after the compaction')
    expect(await agree(repository)).toBe(true)
  })
}

test('it reads what a backup was restored to', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  const [saved, root] = [await openLocalStore({ root: temporaryRoot() }), temporaryRoot()]
  await backup(repository.engine, saved.contents)
  const target = await openLocalStore({ root })
  await restoreBackup(saved.contents, target)
  await target.journal.close()
  const restored = await openTestRepository({ root })
  expect(await agree(restored)).toBe(true)
  await restored.write('/more', 'after the restoration')
  expect(await agree(restored)).toBe(true)
})

test('it leaves a torn end alone, and passes a damaged checkpoint over', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  for (let index = 0; index < 120; index++) await repository.write(`/files/${index}`, noise(60_000, index + 10))
  await compact(repository.engine)
  const [, newest = ''] = filesIn(repository.root, 'checkpoints')
  flip(join(repository.root, newest))
  expect(await agree(repository)).toBe(true)
  await repository.write('/torn', 'the last commit')
  const { offset } = repository.engine.position
  await repository.close()
  const segment = filesIn(repository.root, 'journal').at(-1) ?? ''
  truncateSync(join(repository.root, segment), offset - 3)
  expect((await readRepository(repository.root)).map(({ path }) => path)).not.toContain('/torn')
})

test('it refuses damage', async () => {
  const repository = await openTestRepository()
  await fill(repository)
  await repository.close()
  const [object = ''] = filesIn(repository.root, 'cas')
  flip(join(repository.root, object))
  await expect(readRepository(repository.root)).rejects.toThrow(/damaged/)
  rmSync(join(repository.root, object))
  await expect(readRepository(repository.root)).rejects.toThrow(/ENOENT/)
})
