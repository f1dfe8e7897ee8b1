import { expect, it } from 'vitest'
import type { FileContent } from '../contract/backend.ts'
import { rootPath } from '../contract/paths.ts'
import { openDeadline } from './deadline.ts'
import { expectedBytes, openPages, openPieces } from './sources.ts'
import { workerOptions } from './start-worker.ts'

it('pages grow, so that who leaves early makes little work', async () => {
  let made = 0
  async function* items(): AsyncGenerator<number> {
    for (; made < 700; made++) yield await Promise.resolve(made)
  }
  const pages = openPages(items())
  const sizes: number[] = []
  for (let page = await pages.next(); ; page = await pages.next()) {
    sizes.push(page.items?.length ?? 0)
    expect(made).toBeLessThanOrEqual(sizes.reduce((sum, size) => sum + size, 0))
    if (page.done) break
  }
  expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 189])
})

it.each([
  [10, undefined, 10],
  [undefined, undefined, undefined],
  [10, { suffix: 3 }, 3],
  [10, { suffix: 30 }, 10],
  [undefined, { suffix: 3 }, 3],
  [10, { offset: 4 }, 6],
  [10, { offset: 4, length: 2 }, 2],
  [10, { offset: 4, length: 20 }, 6],
  [10, { offset: 14 }, 0],
  [undefined, { offset: 4 }, undefined],
  [undefined, { offset: 4, length: 2 }, 2],
])('of %s bytes the range %j has %s', (sizeBytes, range, expected) => {
  expect(expectedBytes(sizeBytes, range)).toBe(expected)
})

it('a small body crosses at once, a large or unknown one in pieces', async () => {
  const used: string[] = []
  const content = (): FileContent => ({
    stat: { path: rootPath, kind: 'file', metadata: {} },
    bytes: () => Promise.resolve(new Uint8Array(used.push('bytes'))),
    text: () => Promise.reject(new Error('not asked for')),
    stream: () => new Blob(['ab'.repeat(used.push('stream'))]).stream(),
    [Symbol.asyncDispose]: () => Promise.resolve(void used.push('dispose')),
  })
  expect(await openPieces(content(), 5).next()).toMatchObject({ done: true })
  const pieces = openPieces(content(), 10_000_000)
  expect(await pieces.next()).toMatchObject({ done: false })
  expect(await pieces.next()).toEqual({ done: true })
  const left = openPieces(content(), undefined)
  await left.next()
  await left.close()
  expect(used).toEqual(['bytes', 'stream', 'stream', 'dispose'])
})

it('a deadline ends a step that takes too long, whether or not its work heeds the signal', async () => {
  const deadline = openDeadline(1, { op: 'read', path: '/a' })
  await expect(deadline.step(() => new Promise(() => undefined))).rejects.toMatchObject({ code: 'timeout', op: 'read', path: '/a' })
  expect(deadline.signal?.aborted).toBe(true)
  const long = openDeadline(60_000, { op: 'read', path: '/a' })
  expect(await long.step(() => Promise.resolve(5))).toBe(5)
  await expect(long.step(() => Promise.reject(new Error('own')))).rejects.toThrow('own')
  expect(long.signal?.aborted).toBe(false)
})

it.each([
  [[], undefined],
  [['--max-old-space-size=100', '-e', 'code'], undefined],
  [['--conditions=a', '--input-type=module', '-e', 'code'], ['--conditions=a']],
  [['-C', 'a', '--expose-gc', '--input-type', 'module', '--import', './b.js'], ['-C', 'a', '--import', './b.js']],
])('of the options %j the worker is given %j', (execArgv, expected) => {
  expect(workerOptions(execArgv)).toEqual(expected)
})
