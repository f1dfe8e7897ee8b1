import { cpSync, renameSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compact, type ContentStore, fsck, writeCheckpoint } from '@nexus/core'
import { expect, test } from 'vitest'
import { startChild } from '../src/crash/child.ts'
import { all, at, filesIn, flip, noise, openTestRepository, temporaryRoot, type TestRepository } from './repository-kit.ts'

const script = join(import.meta.dirname, '..', 'src', 'processes', 'checkpoint-child.ts')

/** Numbers of the commits that checkpoints stand for. */
function sequences(root: string): number[] {
  return filesIn(root, 'checkpoints').map((name) => Number(name.slice(12, 32)))
}

async function writeTwo({ write, engine }: TestRepository): Promise<void> {
  for (const text of ['one', 'two']) {
    await write('/newer', text)
    await writeCheckpoint(engine)
  }
}

/** Contents that do something once, right before a call that reaches a checkpoint. */
function meeting(call: 'settle' | 'read', work: () => Promise<void>): { readonly around: (contents: ContentStore) => ContentStore; readonly arm: () => void } {
  let isArmed = false
  const meet = async (): Promise<void> => {
    if (!isArmed) return
    isArmed = false
    await work()
  }
  return {
    arm: () => void (isArmed = true),
    around: (contents) => ({
      ...contents,
      settle: (options) => (call === 'settle' && isArmed ? meet().then(() => contents.settle(options)) : contents.settle(options)),
      read: (key, range, options) => (call === 'read' && isArmed && key.startsWith('checkpoints/') ? meet().then(() => contents.read(key, range, options)) : contents.read(key, range, options)),
    }),
  }
}

test('a checkpoint that others have overtaken before it was read back is no damage', async () => {
  const root = temporaryRoot()
  const { around, arm } = meeting('settle', () => writeTwo(other))
  const repository = await openTestRepository({ root, around })
  await repository.write('/a', 'first')
  const other = await openTestRepository({ root })
  arm()
  expect(await writeCheckpoint(repository.engine)).toMatchObject({ sequence: 1 })
  expect(sequences(root)).toEqual([2, 3])
  expect(await fsck(repository.engine)).toMatchObject({ ok: true })
})

test('a checkpoint that reads back differently is damage, also where two others stand', async () => {
  const root = temporaryRoot()
  const { around, arm } = meeting('read', async () => {
    const [newest = ''] = filesIn(root, 'checkpoints').slice(-1)
    await Promise.resolve()
    flip(join(root, newest), 50)
  })
  const repository = await openTestRepository({ root, around })
  await repository.write('/a', 'first')
  await writeTwo(repository)
  await repository.write('/a', 'second')
  arm()
  await expect(writeCheckpoint(repository.engine)).rejects.toThrow(/reads back differently.*corrupt/s)
})

test('a checkpoint that is deleted while an index is made from it gives way to the newer ones', async () => {
  const root = temporaryRoot()
  const writer = await openTestRepository({ root })
  for (let index = 0; index < 60; index++) await writer.write(`/files/${index}`, noise(60_000, index + 1))
  await compact(writer.engine)
  cpSync(join(root, 'checkpoints'), join(root, 'older'), { recursive: true })
  await writeTwo(writer)
  await writer.close()
  renameSync(join(root, 'checkpoints'), join(root, 'newer'))
  renameSync(join(root, 'older'), join(root, 'checkpoints'))
  rmSync(join(root, 'index.db'))
  const { around, arm } = meeting('read', async () => {
    await rm(join(root, 'checkpoints'), { recursive: true })
    renameSync(join(root, 'newer'), join(root, 'checkpoints'))
  })
  arm()
  const late = await openTestRepository({ root, around })
  expect(await all(late.backend.list(at('/files')))).toHaveLength(60)
  expect(await late.text('/newer')).toBe('two')
})

test('many that write checkpoints at once, in one process and in several, leave the newest two, and everything whole', { timeout: 120_000 }, async () => {
  const root = temporaryRoot()
  const repository = await openTestRepository({ root })
  await repository.write('/made', 'x')
  const children = Array.from({ length: 3 }, (_, number) => startChild(script, { args: [root, `p${number}`, '12'], onLine: () => undefined }))
  for (let round = 0; round < 10; round++) {
    await repository.write('/here', `round ${round}`)
    await Promise.all([1, 2, 3].map(() => writeCheckpoint(repository.engine)))
  }
  for (const { status, errors } of await Promise.all(children.map(({ ended }) => ended))) expect({ status, errors }).toEqual({ status: 0, errors: '' })
  expect(sequences(root)).toHaveLength(2)
  await repository.write('/last', 'x')
  const { sequence } = await writeCheckpoint(repository.engine)
  expect(sequences(root).at(-1)).toBe(sequence)
  expect(await fsck(repository.engine, { readData: true })).toMatchObject({ ok: true, problems: [] })
})
