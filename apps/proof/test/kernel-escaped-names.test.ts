import { openMemory } from '@nexus/backend-memory'
import type { KernelListOptions } from '@nexus/core'
import { openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { describe, expect, it } from 'vitest'
import { at, bytes, kernelWith, names } from './kernel-support.ts'

/** Names that a bucket lists where the stored bytes stand, and memory where the shown ones do, around mounts that stand between. */
const files = ['cafe', 'cafe%01', 'cafe!x', 'cafe%CC%81.txt', 'cafeteria.txt', 'cafe~', 'd/%CC%81', 'd/a%01', 'd/a%CC%81', 'd/a!a', 'd/b', 'm%CC%81/x', 'own/a', 'z']
const mounts = ['/b/cafe!', '/b/cafez', '/b/d/a!', '/b/d/az', '/b/far/off', '/b/own']

describe.each([
  ['a bucket', () => openObjectTree(openMemoryStore())],
  ['memory', () => openMemory()],
])('names that are shown escaped in %s with mounts below', (_, open) => {
  it.each<[string, KernelListOptions]>([['flat', {}], ['recursive', { recursive: true }], ['across mounts', { recursive: true, crossMounts: true }]])('are listed once, %s, on whatever page they come', async (_kind, options) => {
    const below = openObjectTree(openMemoryStore())
    const above = open()
    for (const path of files) await above.write(at(`/${path}`), bytes('1'))
    for (const path of ['x%CC%81', 'xy', 'x%01']) await below.write(at(`/${path}`), bytes('1'))
    const kernel = await kernelWith({ '/b': { backend: above }, ...Object.fromEntries(mounts.map((path) => [path, path === '/b/cafez' ? { backend: below } : undefined])) })
    const listed = async (more: KernelListOptions): Promise<string[]> => (await names(kernel.list(at('/b'), { ...options, ...more }))).map((path) => path.slice('/b/'.length))
    const whole = await listed({})
    expect(new Set(whole).size).toBe(whole.length)
    const own = options.recursive === true ? files.filter((path) => !path.startsWith('own/')) : files.filter((path) => !path.includes('/'))
    const needed = options.recursive === true ? mounts.map((path) => `${path.slice('/b/'.length)}/`) : ['cafe!/', 'cafez/', 'd/', 'far/', 'own/']
    expect(whole).toEqual(expect.arrayContaining([...own, ...needed]))
    for (const [index, startAfter] of whole.entries()) {
      expect(await listed({ startAfter }), startAfter).toEqual(whole.slice(index + 1))
      expect(await listed({ startAfter, limit: 2 }), startAfter).toEqual(whole.slice(index + 1, index + 3))
    }
  })
})

it('mount points that are shown escaped are listed once, on whatever page they come', async () => {
  const above = openObjectTree(openMemoryStore())
  for (const path of ['a%01', 'b%01/x', 'b!', 'c%02', 'e%CC%81/x', 'ez']) await above.write(at(`/${path}`), bytes('1'))
  const points = ['/b/b%01', '/b/b', '/b/e%CC%81', '/b/e', '/b/e%CC%82', '/b/c%01', '/b/c!', '/x/b', '/x/e%CC%81', '/x/f']
  const kernel = await kernelWith({ '/b': { backend: above }, ...Object.fromEntries(points.map((path) => [path, undefined])) })
  for (const root of ['/b', '/x']) {
    const whole = (await names(kernel.list(at(root)))).map((path) => path.slice(root.length + 1))
    expect([...whole].sort()).toEqual(root === '/x' ? ['b/', 'e%CC%81/', 'f/'] : ['a%01', 'b!', 'b%01/', 'b/', 'c!/', 'c%01/', 'c%02', 'e%CC%81/', 'e%CC%82/', 'e/', 'ez'])
    for (const [index, startAfter] of whole.entries()) {
      expect((await names(kernel.list(at(root), { startAfter }))).map((path) => path.slice(root.length + 1)), startAfter).toEqual(whole.slice(index + 1))
    }
  }
})

it('names that are shown as they are cost no request beyond the pages', async () => {
  const store = openMemoryStore()
  const above = openObjectTree(store)
  for (const path of ['a', 'b%', 'c']) await above.write(at(`/${path}`), bytes('1'))
  const kernel = await kernelWith({ '/b': { backend: above }, '/b/m': undefined, '/b/b0': undefined })
  const before = store.requests.list
  expect(await names(kernel.list(at('/b')))).toEqual(['/b/a', '/b/b%', '/b/b0/', '/b/c', '/b/m/'])
  expect(store.requests.list - before).toBe(1)
})
