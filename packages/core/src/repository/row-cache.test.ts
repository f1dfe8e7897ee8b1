import { expect, test, vi } from 'vitest'
import type { IndexReader } from './index-reader.ts'
import { Overlay } from './overlay.ts'
import { RowCache } from './row-cache.ts'
import type { ContentRow, EntryRow } from './rows.ts'

const file = (directory: number, key: string, node: number): EntryRow => ({ directory, key, node, born: 1, version: 1, digest: 'd', size: 1, modified: 0, created: 0, type: null, metadata: null })
const madeDirectory = (node: number, sequence: number): EntryRow => ({ ...file(1, `${node}/`, node), digest: null, born: sequence, version: sequence })
const content = (number: number): ContentRow => ({ digest: digestOf(number), size: 1, key: null, segment: 1, offset: 0, pieces: null, part: 0, durable: 1 })
const digestOf = (number: number): string => number.toString(16).padStart(8, '0').repeat(8)

/** An index of some rows, and how often it was asked. */
function openIndex(rows: readonly EntryRow[], contents: readonly ContentRow[] = []) {
  const entry = vi.fn((directory: number, name: string) => rows.find((row) => row.directory === directory && (row.key === name || row.key === `${name}/`)))
  const asked = vi.fn((digest: string) => contents.find((row) => row.digest === digest))
  const digests = (after: string, limit: number): string[] => contents.map(({ digest }) => digest).sort().filter((digest) => digest > after).slice(0, limit)
  const reader = { nextNode: 100, entry, content: asked, digests } as unknown as IndexReader
  return { entry, content: asked, cache: new RowCache(() => reader) }
}

test('a row is asked of the index once', () => {
  const { cache, entry } = openIndex([file(1, 'a', 7)])
  expect([cache.entry(1, 'a')?.node, cache.entry(1, 'a')?.node]).toEqual([7, 7])
  expect(entry).toHaveBeenCalledTimes(1)
})

test('what an overlay forgets stays known: rows, and gaps where something was', () => {
  const { cache, entry } = openIndex([file(1, 'gone', 3)])
  const overlay = new Overlay(cache)
  overlay.remove(file(1, 'gone', 3), 5)
  overlay.put(file(1, 'new', 8), 6)
  overlay.forgetThrough(6, cache)
  expect([overlay.entry(1, 'gone'), overlay.entry(1, 'new')?.node]).toEqual([undefined, 8])
  expect(entry).not.toHaveBeenCalled()
})

test('a directory made before our eyes holds nothing but what was put there, until everything is forgotten', () => {
  const { cache, entry } = openIndex([file(9, 'unseen', 3)])
  const overlay = new Overlay(cache)
  overlay.put(madeDirectory(9, 5), 5)
  overlay.put(file(9, 'a', 10), 6)
  overlay.forgetThrough(6, cache)
  expect([cache.entry(9, 'a')?.node, cache.entry(9, 'unseen')]).toEqual([10, undefined])
  expect(entry).not.toHaveBeenCalled()
  cache.clear()
  expect(cache.entry(9, 'unseen')?.node).toBe(3)
})

test('a directory that was only renamed is not taken for an empty one', () => {
  const { cache } = openIndex([file(9, 'old', 3)])
  const overlay = new Overlay(cache)
  overlay.put({ ...madeDirectory(9, 5), born: 7 }, 7)
  overlay.forgetThrough(7, cache)
  expect(cache.entry(9, 'old')?.node).toBe(3)
})

test('when there are too many rows all are let go, and with them what was known of whole directories', () => {
  const { cache, entry } = openIndex([file(9, 'unseen', 3)])
  cache.keepPlace(1, '9/', { row: madeDirectory(9, 5), sequence: 5 })
  expect(cache.entry(9, 'unseen')).toBeUndefined()
  for (let index = 0; index < 16_384; index++) cache.keepPlace(2, `${index}`, { row: file(2, `${index}`, 50), sequence: 6 })
  expect(cache.entry(9, 'unseen')?.node).toBe(3)
  expect(entry).toHaveBeenCalledTimes(1)
})

test('a directory younger than the index is not looked for in it', () => {
  const { cache, entry } = openIndex([])
  expect(cache.entry(100, 'a')).toBeUndefined()
  expect(entry).not.toHaveBeenCalled()
})

test('once the digests are learned, the index is asked for none that is new, and for all that are there', async () => {
  const contents = Array.from({ length: 3000 }, (_, index) => content(index * 7919))
  const { cache, content: asked } = openIndex([], contents)
  for (let index = 0; index < 64; index++) expect(cache.content(digestOf(1_000_000_000 + index))).toBeUndefined()
  // Three pages, a turn of the loop each, and one turn more.
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve))
  cache.keepContent(content(2_000_000_000))
  asked.mockClear()
  let inVain = 0
  for (let index = 0; index < 1000; index++) {
    expect(cache.content(digestOf(3_000_000_000 + index))).toBeUndefined()
    inVain += asked.mock.calls.length
    asked.mockClear()
  }
  // The filter may be wrong about an absent one now and then, never about one that is there.
  expect(inVain).toBeLessThan(50)
  expect(cache.content(digestOf(2_000_000_000))).toBeDefined()
  for (const { digest } of contents) expect(cache.content(digest)?.digest).toBe(digest)
  cache.clear()
  expect(cache.content(digestOf(3_000_000_000))).toBeUndefined()
  expect(asked).toHaveBeenCalledWith(digestOf(3_000_000_000))
})
