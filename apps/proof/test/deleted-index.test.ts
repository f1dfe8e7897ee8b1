import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { JournalStore } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { startChild } from '../src/crash/child.ts'
import { all, at, openTestRepository, temporaryRoot } from './repository-kit.ts'

const script = join(import.meta.dirname, '..', 'src', 'processes', 'reopening-child.ts')
const remove = (root: string): void => rmSync(join(root, 'index.db'), { force: true })

/** A repository with three files, and its index. */
async function filledRoot(): Promise<string> {
  const root = temporaryRoot()
  const { write, close } = await openTestRepository({ root, digest: 'sha256' })
  for (const name of ['a', 'b', 'c']) await write(`/${name}`, name)
  await close()
  return root
}

/** Lets so many turns of the microtask queue pass once the descriptor was read, then does something. */
function afterSteps(steps: number, work: () => void): (journal: JournalStore) => JournalStore {
  const pass = async (): Promise<void> => {
    for (let step = 0; step < steps; step++) await Promise.resolve()
    work()
  }
  return (journal) => ({
    ...journal,
    async readDescriptor(options) {
      const bytes = await journal.readDescriptor(options)
      void pass()
      return bytes
    },
  })
}

describe('index.db that is deleted', () => {
  it('at any step of opening is made again, and nothing is missing', { timeout: 60_000 }, async () => {
    const root = await filledRoot()
    for (let steps = 0; steps < 120; steps++) {
      const repository = await openTestRepository({ root, digest: 'sha256', aroundJournal: afterSteps(steps, () => remove(root)) })
      expect(await all(repository.backend.list(at('/'))), `deleted after ${steps} steps`).toHaveLength(3)
      await repository.close()
    }
  })

  it('while it is being made is made once more', async () => {
    const root = await filledRoot()
    remove(root)
    let deletions = 0
    const aroundJournal = (journal: JournalStore): JournalStore => ({
      ...journal,
      oldest(options) {
        for (const name of ['index.db', 'index.db.new']) if (deletions < 6) rmSync(join(root, name), { force: true })
        deletions++
        return journal.oldest(options)
      },
    })
    const repository = await openTestRepository({ root, digest: 'sha256', aroundJournal })
    expect(deletions).toBeGreaterThan(6)
    expect(await all(repository.backend.list(at('/')))).toHaveLength(3)
  })

  it('under a writer is not made again by the thread that applies commits, and the connections that have it go on', { timeout: 60_000 }, async () => {
    const root = temporaryRoot()
    let caughtUpFrom = Infinity
    const aroundJournal = (journal: JournalStore): JournalStore => ({
      ...journal,
      newer(position, options) {
        if (repository.engine.position.sequence > 300) caughtUpFrom = Math.min(caughtUpFrom, position.sequence)
        return journal.newer(position, options)
      },
    })
    const repository = await openTestRepository({ root, aroundJournal })
    await repository.write('/first', 'before')
    remove(root)
    for (let index = 0; index < 800; index++) await repository.write(`/files/${index}`, `number ${index}`)
    for (const giveUpAt = Date.now() + 40_000; caughtUpFrom > 300 && Date.now() < giveUpAt; ) {
      await repository.write('/more', 'until the thread has answered')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(caughtUpFrom).toBeLessThan(300)
    expect(existsSync(join(root, 'index.db'))).toBe(false)
    expect(await all(repository.backend.list(at('/files')))).toHaveLength(800)
  })

  it('whenever one of several processes opens the repository fails none of them', { timeout: 120_000 }, async () => {
    const root = temporaryRoot()
    const made = await openTestRepository({ root })
    await made.write('/made', 'x')
    await made.close()
    let deletions = 0
    const onLine = (): void => {
      remove(root)
      deletions++
    }
    const children = Array.from({ length: 3 }, (_, number) => startChild(script, { args: [root, `p${number}`, '40'], onLine }))
    for (const { status, errors } of await Promise.all(children.map(({ ended }) => ended))) expect({ status, errors }).toEqual({ status: 0, errors: '' })
    expect(deletions).toBe(120)
    const { backend } = await openTestRepository({ root })
    expect((await all(backend.list(at('/'), { recursive: true }))).filter(({ kind }) => kind === 'file')).toHaveLength(121)
  })
})
