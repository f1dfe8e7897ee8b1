import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localBackend } from '@nexus/backend-local'
import { isNexusError, journalStart, mount, parsePath, type RepositoryBackend } from '@nexus/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startChild } from '../src/crash/child.ts'
import { chunkBytes } from '../src/model/body.ts'
import { holds } from '../src/model/compare.ts'
import { openTestRepository } from '../src/model/open-test-repository.ts'

const script = join(import.meta.dirname, '..', 'src', 'processes', 'counter-child.ts')
const counter = parsePath('/shared/counter')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'nexus-processes-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return root
}

async function open(root: string): Promise<RepositoryBackend> {
  const { backend } = await openTestRepository(root)
  onTestFinished(() => backend.close())
  return backend
}

/** Files below `/own` and `/same`, with what they hold. */
async function read(backend: RepositoryBackend, directory: string): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for await (const { path, kind } of backend.list(parsePath(directory), { recursive: true })) {
    if (kind === 'file') found.set(path, await (await backend.read(path)).bytes())
  }
  return found
}

async function sequences(backend: RepositoryBackend): Promise<number[]> {
  const all: number[] = []
  for (let at = journalStart; ; ) {
    const some = await backend.repository.journal.newer(at)
    const last = some.at(-1)
    if (last === undefined) return all
    all.push(...some.map(({ sequence }) => sequence))
    at = last.end
  }
}

/** Runs processes side by side; `meanwhile` happens when they are all started. */
async function run(root: string, { processes, count, meanwhile }: { processes: number; count: number; meanwhile?: () => Promise<void> }): Promise<void> {
  const children = Array.from({ length: processes }, (_, number) => startChild(script, { args: [root, `p${number}`, String(count)], onLine: () => undefined }))
  const ended = Promise.all(children.map((child) => child.ended))
  await meanwhile?.()
  for (const { status, errors } of await ended) expect({ status, errors }).toEqual({ status: 0, errors: '' })
}

async function expectAll(backend: RepositoryBackend, { processes, count }: { processes: number; count: number }): Promise<void> {
  expect(await (await backend.read(counter)).text()).toBe(String(processes * count))
  const own = await read(backend, '/own')
  const same = await read(backend, '/same')
  expect([own.size, same.size]).toEqual([processes * count, processes * count])
  for (const [path, found] of own) expect(Buffer.from(found).toString(), path).toBe(path.split('/').slice(2).join(' '))
  for (const [path, found] of same) expect(holds(found, [{ seed: Number(path.split('-').at(-1)), sizeBytes: 70_000 }]), path).toBe(true)
}

describe('one repository and many processes', () => {
  it('counts exactly, loses and doubles no commit, and numbers them without gaps, with 8 of them', { timeout: 120_000 }, async () => {
    const root = temporaryRoot()
    const backend = await open(root)
    await backend.write(counter, bytes('0'))
    await run(root, { processes: 8, count: 8 })
    await expectAll(backend, { processes: 8, count: 8 })
    const numbers = await sequences(backend)
    expect(numbers).toEqual(Array.from({ length: 1 + 8 * 8 * 3 }, (_, index) => index + 1))
    // The same 8 contents, each stored once by whoever was first.
    const stored = (await Array.fromAsync(backend.repository.contents.list('cas/'))).length
    expect(stored).toBe(8)
  })

  it('goes on when index.db is deleted under them', { timeout: 120_000 }, async () => {
    const root = temporaryRoot()
    const backend = await open(root)
    await backend.write(counter, bytes('0'))
    let deletions = 0
    const meanwhile = async (): Promise<void> => {
      for (const seen of [3, 8, 14]) {
        while (Number(await (await backend.read(counter)).text()) < seen) await new Promise((resolve) => setImmediate(resolve))
        rmSync(join(root, 'index.db'), { force: true })
        deletions++
      }
    }
    await run(root, { processes: 3, count: 8, meanwhile })
    expect(deletions).toBe(3)
    await expectAll(backend, { processes: 3, count: 8 })
    await expectAll(await open(root), { processes: 3, count: 8 })
  })
})

describe('an index that is only a cache', () => {
  it('is caught up when an old one was restored, and mints no identity twice', async () => {
    const root = temporaryRoot()
    const first = await openTestRepository(root)
    await first.backend.write(parsePath('/first'), bytes('1'))
    await first.backend.close()
    copyFileSync(join(root, 'index.db'), join(root, '..', `${root.split('/').at(-1) ?? ''}.old`))
    onTestFinished(() => rmSync(`${root}.old`))
    const second = await openTestRepository(root)
    await second.backend.write(parsePath('/directory/second'), bytes('2'))
    await second.backend.close()
    copyFileSync(`${root}.old`, join(root, 'index.db'))
    const third = await openTestRepository(root)
    await third.backend.write(parsePath('/other/third'), bytes('3'))
    await third.backend.close()
    for (const name of readdirSync(root).filter((file) => file.startsWith('index.db'))) rmSync(join(root, name))
    const paths = [...(await read(await open(root), '/')).keys()]
    expect(paths).toEqual(['/directory/second', '/first', '/other/third'])
  })

  it('gives the same answers after it was deleted', async () => {
    const root = temporaryRoot()
    const before = await openTestRepository(root)
    for (let index = 0; index < 20; index++) await before.backend.write(parsePath(`/d${index % 3}/f${index}`), chunkBytes({ seed: index, sizeBytes: 1000 }))
    await before.backend.delete(parsePath('/d1/f1'))
    const listing = await Array.fromAsync(before.backend.list(parsePath('/'), { recursive: true }))
    await before.backend.close()
    rmSync(join(root, 'index.db'))
    const after = await open(root)
    expect(await Array.fromAsync(after.list(parsePath('/'), { recursive: true }))).toEqual(listing)
  })
})

describe('the state directory', () => {
  it('may be deleted: what was mounted by name is there again, every file with it', async () => {
    const root = temporaryRoot()
    const home = temporaryRoot()
    const options = { ephemeral: true, backends: { local: localBackend } }
    const saved = process.env['NEXUS_FS_STATE_DIR']
    process.env['NEXUS_FS_STATE_DIR'] = join(home, 'state')
    onTestFinished(() => {
      if (saved === undefined) delete process.env['NEXUS_FS_STATE_DIR']
      else process.env['NEXUS_FS_STATE_DIR'] = saved
    })
    const first = await mount({ uri: `local://${root}?layout=cas`, at: '/m' }, { ...options, ephemeral: false })
    await first.write('/m/a', 'kept')
    const stat = await first.stat('/m/a')
    await first.close()
    rmSync(join(home, 'state'), { recursive: true })
    const second = await mount({ uri: `local://${root}`, at: '/m' }, options)
    onTestFinished(() => second.close())
    expect(await second.readText('/m/a')).toBe('kept')
    expect(await second.stat('/m/a')).toEqual(stat)
    await expect(second.read('/m/b')).rejects.toSatisfy((error) => isNexusError(error, 'not_found'))
  })
})
