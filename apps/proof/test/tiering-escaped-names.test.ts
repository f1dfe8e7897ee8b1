import { openMemory } from '@nexus/backend-memory'
import { type Backend, type ListOptions, parsePath } from '@nexus/core'
import { openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { describe, expect, it } from 'vitest'
import { bytes, openWorld } from './tiering-kit.ts'

const bucket = (): Backend => openObjectTree(openMemoryStore())
/** Each is listed elsewhere by a bucket than by memory; those with an even place are in the first storage, those with an odd one in the other, every fifth in both. */
const files = ['cafe', 'cafe%01', 'cafe!', 'cafe%CC%81.txt', 'cafeteria.txt', 'cafe%CC%82', 'd/%CC%81', 'd/a%01', 'd/a!', 'd/b', 'm%CC%81/x', 'm%CC%81/y', '100% sure', 'z']

describe.each([
  ['memory before a bucket', openMemory, bucket],
  ['a bucket before memory', bucket, openMemory],
  ['a bucket before a bucket', bucket, bucket],
  ['memory before memory', openMemory, openMemory],
])('names that are shown escaped in %s', (_, openHot, openCold) => {
  it.each([true, false])('are listed once (recursive: %s), from the first storage that has them, on whatever page they come', async (recursive) => {
    const { kernel, hot, cold } = await openWorld({ hot: openHot(), cold: openCold() })
    for (const [index, path] of files.entries()) {
      if (index % 2 === 0 || index % 5 === 0) await hot.write(parsePath(`/${path}`), bytes('hot'))
      if (index % 2 === 1 || index % 5 === 0) await cold.write(parsePath(`/tier/${path}`), bytes('cold.'))
    }
    const listed = async (options: ListOptions): Promise<string[]> => {
      const seen: string[] = []
      for await (const { path, kind, sizeBytes } of kernel.list(parsePath('/hot'), { ...options, recursive })) {
        if (kind === 'file') expect(sizeBytes, path).toBe(files.indexOf(path.slice('/hot/'.length)) % 2 === 0 || files.indexOf(path.slice('/hot/'.length)) % 5 === 0 ? 3 : 5)
        seen.push(`${path.slice('/hot/'.length)}${kind === 'directory' ? '/' : ''}`)
      }
      return seen
    }
    const whole = await listed({})
    expect([...whole].sort()).toEqual((recursive ? [...files, 'd/', 'm%CC%81/'] : [...files.filter((path) => !path.includes('/')), 'd/', 'm%CC%81/']).sort())
    const paged: string[] = []
    for (let page = await listed({ limit: 2 }); page.length > 0; page = await listed({ limit: 2, startAfter: paged.at(-1) ?? '' })) paged.push(...page)
    expect(paged).toEqual(whole)
    for (const [index, startAfter] of whole.entries()) expect(await listed({ startAfter }), startAfter).toEqual(whole.slice(index + 1))
  })
})
