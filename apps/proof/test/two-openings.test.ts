import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { localBackend, openLocalStore } from '@nexus/backend-local'
import { collectGarbage, compact, fsck, isNexusError, journalStart, mount } from '@nexus/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startChild } from '../src/crash/child.ts'
import { all, at, noise, openTestRepository, temporaryRoot, type TestRepository } from './repository-kit.ts'

const script = join(import.meta.dirname, '..', 'src', 'processes', 'locking-child.ts')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** One directory, opened twice in this process: by its name, and by a link to it. */
async function openTwice(): Promise<{ readonly root: string; readonly both: readonly [TestRepository, TestRepository] }> {
  const root = temporaryRoot()
  const link = `${root}-link`
  symlinkSync(root, link)
  onTestFinished(() => rmSync(link))
  return { root, both: [await openTestRepository({ root }), await openTestRepository({ root: link })] }
}

async function increment({ backend }: TestRepository): Promise<void> {
  for (;;) {
    const { stat, text } = await backend.read(at('/counter')).then(async (content) => ({ stat: content.stat, text: await content.text() }))
    try {
      await backend.write(at('/counter'), bytes(String(Number(text) + 1)), { ifMatch: stat.etag })
      return
    } catch (error) {
      if (!isNexusError(error, 'precondition_failed')) throw error
    }
  }
}

/** Whether the repository is whole, and its commits are numbered without gaps. */
async function expectWhole(repository: TestRepository): Promise<void> {
  expect(await fsck(repository.engine, { readData: true })).toMatchObject({ ok: true, problems: [] })
}

/** Asks from another process for the lock. */
async function askForLock(root: string): Promise<string> {
  const said: string[] = []
  const { errors } = await startChild(script, { args: [root], onLine: (line) => said.push(line) }).ended
  return said.join() + errors
}

describe('a repository that is open twice in one process', { timeout: 60_000 }, () => {
  it('is one storage by its identity, whatever path led there', async () => {
    const { both: [first, second] } = await openTwice()
    await first.write('/a', 'x')
    expect(first.engine.journal.identity).toBe(second.engine.journal.identity)
  })

  it('loses, doubles and tears nothing when both write', async () => {
    const { both } = await openTwice()
    await both[0].write('/counter', '0')
    await Promise.all(both.map(async (repository, number) => {
      for (let index = 0; index < 40; index++) {
        await repository.write(`/own/${number}-${index}`, `${number} ${index}`)
        await repository.write(`/same/${number}-${index}`, noise(70_000, index + 1))
        await increment(repository)
      }
    }))
    for (const repository of both) {
      expect(await repository.text('/counter')).toBe('80')
      expect(await all(repository.backend.list(at('/own')))).toHaveLength(80)
      for (let index = 0; index < 40; index++) expect(await repository.holds(`/same/1-${index}`, noise(70_000, index + 1))).toBe(true)
    }
    expect((await both[0].engine.journal.newer(journalStart)).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 241 }, (_, index) => index + 1))
    expect(await all(both[0].engine.contents.list('cas/'))).toHaveLength(40)
    await expectWhole(both[1])
  })

  it('keeps what one writes while the other collects the same contents as garbage', async () => {
    const { both: [writer, collector] } = await openTwice()
    await writer.write('/made', 'x')
    const state = { isWriting: true }
    const collecting = (async () => {
      while (state.isWriting) await collectGarbage(collector.engine, { retention: { keepVersions: 1, keepMs: -1 } })
    })()
    for (let round = 0; round < 40; round++) {
      const body = noise(70_000, (round % 4) + 1)
      await writer.write('/kept', body)
      await writer.backend.delete(at('/kept'))
      await writer.write('/kept', body)
      expect(await writer.holds('/kept', body)).toBe(true)
    }
    state.isWriting = false
    await collecting
    await expectWhole(writer)
  })

  it('is compacted by one while the other writes', async () => {
    const { both: [writer, compactor] } = await openTwice()
    for (let index = 0; index < 60; index++) await writer.write(`/files/${index}`, noise(60_000, index + 1))
    const state = { isCompacting: true }
    const compacting = compact(compactor.engine).finally(() => (state.isCompacting = false))
    let count = 60
    for (; state.isCompacting || count < 80; count++) await writer.write(`/files/${count}`, noise(60_000, count + 1))
    await compacting
    await compact(compactor.engine)
    for (const repository of [writer, compactor]) {
      for (let index = 0; index < count; index++) expect(await repository.holds(`/files/${index}`, noise(60_000, index + 1))).toBe(true)
    }
    await expectWhole(writer)
  })

  it('keeps the lock that one holds when the other is closed', async () => {
    const { root, both: [first, second] } = await openTwice()
    await first.write('/a', 'x')
    await second.write('/b', 'x')
    const third = await openLocalStore({ root })
    await third.journal.sync()
    const heard: string[] = []
    await first.engine.journal.append(first.engine.position, async () => {
      heard.push(await askForLock(root))
      await second.close()
      await third.journal.close()
      heard.push(await askForLock(root))
      return []
    }, { durability: 'os' })
    expect([...heard, await askForLock(root)]).toEqual(['busy', 'busy', 'free'])
  })

  it('serves two mounts, each with settings of its own, and closing one leaves the other', async () => {
    const root = temporaryRoot()
    const options = { ephemeral: true, backends: { local: localBackend } }
    const one = await mount({ uri: `local://${root}?layout=cas&durability=fsync`, at: '/one' }, { uri: `local://${root}?layout=cas&durability=os&verify=none`, at: '/two' }, options)
    onTestFinished(() => one.close())
    await one.write('/one/a', 'through the one')
    expect(await one.readText('/two/a')).toBe('through the one')
    const again = await mount({ uri: `local://${root}`, at: '/again' }, options)
    await again.write('/again/b', 'through a third')
    await again.close()
    expect(await one.readText('/two/b')).toBe('through a third')
  })
})
