import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isNexusError } from '@nexus/core/contract'
import { afterEach, describe, expect, it } from 'vitest'
import { at, bytes, failure, openTree, textOf } from '../../test/tree-fixture.ts'

const children: ChildProcess[] = []
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

/** A process that takes the lock and keeps it until it is killed. */
async function holdLock(directory: string): Promise<ChildProcess> {
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3')
  const code = `
    const Sqlite = require(${JSON.stringify(sqlite)})
    new Sqlite(${JSON.stringify(join(directory, '.nexus-attributes/lock.db'))}).exec('BEGIN IMMEDIATE')
    process.stdout.write('held')
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const { promise, resolve } = Promise.withResolvers<undefined>()
  child.stdout.once('data', () => resolve(undefined))
  await promise
  return child
}

describe('the order of conditional writes', () => {
  it('opens its lock only when somebody asks for a condition', async () => {
    const { directory, backend } = await openTree()
    const { etag } = await backend.write(at('/a'), bytes('1'))
    await backend.write(at('/b'), bytes('1'), { ifNoneMatch: '*' })
    const lock = join(directory, '.nexus-attributes/lock.db')
    expect(existsSync(lock)).toBe(false)
    await backend.write(at('/a'), bytes('2'), { ifMatch: etag })
    expect(existsSync(lock)).toBe(true)
  })

  it('one of many writers with one etag wins, over two mounts of the tree', async () => {
    const { directory, backend } = await openTree()
    const { backend: other } = await openTree({ directory })
    const { etag } = await backend.write(at('/a'), bytes('start'))
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? backend : other).write(at('/a'), bytes(String(index)), { ifMatch: etag })))
    const winners = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
    expect(winners).toHaveLength(1)
    expect(await textOf(backend, '/a')).toBe(String(winners[0]))
    for (const result of results) if (result.status === 'rejected') expect(isNexusError(result.reason, 'precondition_failed')).toBe(true)
  })

  it('one of many creators wins', async () => {
    const { backend } = await openTree()
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => backend.write(at('/new/a'), bytes(String(index)), { ifNoneMatch: '*' })))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('waits while another process has its turn, and goes on when that one is killed', async () => {
    const { directory, backend } = await openTree()
    const first = await backend.write(at('/a'), bytes('1'))
    const { etag } = await backend.write(at('/a'), bytes('2'), { ifMatch: first.etag })
    const holder = await holdLock(directory)
    const conditional = backend.write(at('/a'), bytes('3'), { ifMatch: etag })
    const plain = backend.write(at('/b'), bytes('1'))
    const controller = new AbortController()
    const impatient = backend.write(at('/c'), bytes('1'), { signal: controller.signal }).catch((error: unknown) => error)
    controller.abort('enough')
    expect(await impatient).toBe('enough')
    expect(existsSync(join(directory, 'b'))).toBe(false)
    expect(await textOf(backend, '/a')).toBe('2')
    holder.kill('SIGKILL')
    await Promise.all([conditional, plain])
    expect(await textOf(backend, '/a')).toBe('3')
  })

  it('is busy when another process never ends its turn', async () => {
    let time = Date.now()
    const { directory, backend } = await openTree({ now: () => (time += 10_000) })
    const { etag } = await backend.write(at('/a'), bytes('1'))
    await backend.delete(at('/a'), { ifMatch: etag })
    await holdLock(directory)
    expect((await failure('busy', backend.write(at('/a'), bytes('2')))).reason).toContain('Another process')
    expect(readdirSync(directory)).toEqual(['.nexus-attributes'])
  })

  it('a condition that fails makes no parents and leaves no temporary file', async () => {
    const { directory, backend } = await openTree()
    await failure('precondition_failed', backend.write(at('/new/deep/a'), bytes('x'), { ifMatch: 'any' }))
    await backend.write(at('/a'), bytes('x'))
    await failure('precondition_failed', backend.write(at('/a'), bytes('x'), { ifNoneMatch: '*' }))
    expect(readdirSync(directory).sort()).toEqual(['.nexus-attributes', 'a'])
  })
})

describe('the etag', () => {
  it('is another one for each of many contents of the same length, however fast they follow', async () => {
    const { directory, backend } = await openTree({ now: () => 1_700_000_000_000 })
    const etags: string[] = []
    const times = new Set<bigint>()
    for (let index = 100; index < 300; index++) {
      etags.push((await backend.write(at('/a'), bytes(String(index)))).etag!)
      // Not every kernel's clock ticks between two writes, so the time is ours.
      times.add(lstatSync(join(directory, 'a'), { bigint: true }).mtimeNs)
    }
    expect(new Set(etags).size).toBe(200)
    expect([...times].filter((time) => time / 1_000_000n === 1_700_000_000_000n)).toHaveLength(200)
    expect((await backend.stat(at('/a'))).etag).toBe(etags.at(-1))
  })

  it('stays while nothing changes, also over a reopening', async () => {
    const { directory, backend } = await openTree()
    const { etag } = await backend.write(at('/a'), bytes('x'))
    await backend.write(at('/b'), bytes('x'))
    await (await backend.read(at('/a'))).bytes()
    const { backend: other } = await openTree({ directory })
    expect((await other.stat(at('/a'))).etag).toBe(etag)
  })
})
