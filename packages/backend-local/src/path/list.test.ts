import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compareUtf8 } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { at, openTree, pathsOf, type TreeFixture } from '../../test/tree-fixture.ts'

const files = ['a', 'a-b', 'a.d/x', 'a.d/y/z', 'a0', 'b/c/d/e', 'b-', 'b/c-', '\u{FF21}', '\u{1F600}/x', 'é', 'z/%', 'Z']

async function openFull(): Promise<TreeFixture & { readonly keys: string[] }> {
  const tree = await openTree()
  const keys = new Set<string>()
  for (const file of files) {
    mkdirSync(join(tree.directory, dirname(file)), { recursive: true })
    writeFileSync(join(tree.directory, file), 'x')
    keys.add(`/${file}`)
    for (let parent = dirname(file); parent !== '.'; parent = dirname(parent)) keys.add(`/${parent}/`)
  }
  return { ...tree, keys: [...keys].sort(compareUtf8) }
}

describe('list', () => {
  it('recursive gives the order of whole keys, and resumes after every one of them, in both spellings', async () => {
    const { backend, keys } = await openFull()
    expect(await pathsOf(backend, '/', { recursive: true })).toEqual(keys)
    for (const [index, key] of keys.entries()) {
      const rest = keys.slice(index + 1)
      expect(await pathsOf(backend, '/', { recursive: true, startAfter: key.slice(1) })).toEqual(rest)
      expect(await pathsOf(backend, '/', { recursive: true, startAfter: key.slice(1).replace(/\/$/, '') })).toEqual(rest)
      expect(await pathsOf(backend, '/', { recursive: true, startAfter: key.slice(1), limit: 2 })).toEqual(rest.slice(0, 2))
    }
  })

  it('resumes after names that are not there (any more)', async () => {
    const { backend, keys } = await openFull()
    for (const startAfter of ['0', 'a.', 'a.d/xx', 'b/c/d/', 'b/c/zz/y', 'zz', '\u{FFFF}']) {
      expect(await pathsOf(backend, '/', { recursive: true, startAfter })).toEqual(keys.filter((key) => compareUtf8(key.slice(1), startAfter) > 0))
    }
  })

  it('of more entries than a page has every one of them once', async () => {
    const { directory, backend } = await openTree()
    const names = Array.from({ length: 700 }, (_, index) => `n${index}`)
    for (const [index, name] of names.entries()) {
      if (index % 100 === 0) mkdirSync(join(directory, name))
      else writeFileSync(join(directory, name), '')
    }
    expect((await pathsOf(backend, '/', { recursive: true })).map((path) => path.replace(/\/$/, ''))).toEqual(names.map((name) => `/${name}`).sort(compareUtf8))
  })

  it('goes on when directories vanish or become links under it', async () => {
    const { directory, backend } = await openFull()
    const seen: string[] = []
    for await (const { path } of backend.list(at('/'), { recursive: true })) {
      if (path === '/a') {
        rmSync(join(directory, 'a.d'), { recursive: true })
        rmSync(join(directory, 'b'), { recursive: true })
        symlinkSync('/', join(directory, 'b'))
      }
      seen.push(path)
    }
    expect(seen.some((path) => path.startsWith('/b/'))).toBe(false)
    expect(seen).toContain('/z/%')
  })

  it('and stat and usage find an empty tree where nothing is yet, and make nothing', async () => {
    const { directory, backend } = await openTree()
    rmSync(directory, { recursive: true })
    expect(await pathsOf(backend, '/')).toEqual([])
    expect(await backend.stat(at('/'))).toMatchObject({ kind: 'directory' })
    expect(await backend.usage!(at('/'))).toEqual({ files: 0, directories: 0, logicalBytes: 0 })
    await backend.write(at('/a/b'), new TextEncoder().encode('x'))
    expect(await pathsOf(backend, '/', { recursive: true })).toEqual(['/a/', '/a/b'])
  })
})
