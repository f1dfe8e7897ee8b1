import { parsePath } from '@nexus/core/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes, entriesIn, failureOf, keysIn, openTree, pathsIn, putObjects, textOf } from './tree-kit.ts'

const odd = ['/lead', 'a//b', 'cafe\u0301', 'caf\u00e9', 'line\nfeed', './dot', '50%', '%41', 'x/..', 'x/%_']

describe('keys that are no paths', () => {
  it('are listed, read, written and deleted by what list returned', async () => {
    const { store, tree } = openTree({ pageSize: 3 })
    await putObjects(store, odd)
    const files = (await entriesIn(tree, '/', { recursive: true })).filter(({ kind }) => kind === 'file')
    expect(files.length).toBe(odd.length)
    for (const { path } of files) expect(odd).toContain(await textOf(tree, parsePath(path)))
    for (const { path } of files) await tree.write(parsePath(path), bytes('new'))
    expect((await keysIn(store)).sort()).toEqual([...odd].sort())
    for (const { path } of files) await tree.delete(parsePath(path))
    expect((await keysIn(store)).filter((key) => !key.endsWith('/'))).toEqual([])
  })

  it('are behind their directory when a recursive listing is resumed there', async () => {
    const { store, tree } = openTree({ pageSize: 2 })
    await putObjects(store, ['a/', 'a/b', 'a/b/', 'a/b/c', 'd'], ['e/'])
    const all = await entriesIn(tree, '/', { recursive: true })
    expect(all.map(({ path }) => path)).toEqual(['/a', '/a/%_', '/a/b', '/a/b', '/a/b/%_', '/a/b/c', '/d', '/e'])
    for (const [index, { path, kind }] of all.entries()) {
      const startAfter = path.slice(1) + (kind === 'directory' ? '/' : '')
      // A file and a directory of one name: the name alone means the file.
      expect((await entriesIn(tree, '/', { recursive: true, startAfter })).map((entry) => entry.path), startAfter).toEqual(all.slice(index + 1).map((entry) => entry.path))
    }
  })

  it('of any shape come back by their paths', async () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '/', '%', '2', '5', '_', '.', '\n', 'e\u0301', '\u{1f600}', '!'), minLength: 1, maxLength: 8 })
    const check = async (keys: readonly string[], pageSize: number): Promise<void> => {
      const { store, tree } = openTree({ pageSize })
      await putObjects(store, keys)
      const entries = await entriesIn(tree, '/', { recursive: true })
      const texts: string[] = []
      for (const { path, kind } of entries) if (kind === 'file') texts.push(await textOf(tree, parsePath(path)))
      expect(texts.sort()).toEqual([...keys].sort())
      for (const { path, kind } of entries) if (kind === 'directory') expect((await entriesIn(tree, parsePath(path))).length).toBeGreaterThan(0)
      for (const { path } of await entriesIn(tree, '/')) await tree.delete(parsePath(path), { recursive: true, force: true })
      expect(await keysIn(store)).toEqual([])
    }
    await fc.assert(fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 4 }), check), { numRuns: 300 })
  })

  it('are paged, entry by entry, to the end', async () => {
    const { store, tree } = openTree()
    await putObjects(store, [...odd, 'both', 'both/below', 'both-', 'dir/x'], ['dir/', 'dir//'])
    for (const recursive of [true, false]) {
      const all = await pathsIn(tree, '/', { recursive })
      const paged: string[] = []
      for (let last: string | undefined; paged.length <= all.length; ) {
        const [path] = await pathsIn(tree, '/', { recursive, limit: 1, startAfter: last })
        if (path === undefined) break
        paged.push(path)
        last = path.slice(1)
      }
      expect(paged).toEqual(all)
    }
  })

  it('of a segment longer than a path may hold are listed, and read as they were listed', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['x'.repeat(600)])
    const [entry] = await entriesIn(tree, '/')
    expect(await (await tree.read(entry!.path)).text()).toBe('x'.repeat(600))
    await tree.delete(entry!.path)
    expect(await keysIn(store)).toEqual([])
  })

  it.each(['/a%2Fb', '/%FF'])('are not %s, which stands for no key', async (path) => {
    const { tree, store } = openTree()
    expect(await failureOf(tree.write(parsePath(path), bytes('x')))).toMatchObject({ code: 'invalid_path', path })
    expect(store.requests.put).toBe(0)
  })
})

describe('a directory', () => {
  it('may be a marker of zero bytes, as consoles make them', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['photos/a'], ['empty/', 'photos/', 'deep/er/'])
    expect(await pathsIn(tree, '/', { recursive: true })).toEqual(['/deep/', '/deep/er/', '/empty/', '/photos/', '/photos/a'])
    expect(await pathsIn(tree, '/empty')).toEqual([])
    await tree.delete(parsePath('/empty'))
    expect(await keysIn(store)).toEqual(['deep/er/', 'photos/', 'photos/a'])
  })

  it('whose marker holds bytes shows them as a file without a name, which is no way to make one', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['dir/', 'dir/a'], ['other/'])
    expect(await pathsIn(tree, '/dir')).toEqual(['/dir/%_', '/dir/a'])
    expect(await textOf(tree, '/dir/%_')).toBe('dir/')
    expect(await failureOf(tree.read(parsePath('/other/%_')))).toMatchObject({ code: 'not_found' })
    for (const body of [bytes(''), new Blob([]).stream()]) expect(await failureOf(tree.write(parsePath('/other/%_'), body))).toMatchObject({ code: 'invalid_argument' })
    await tree.delete(parsePath('/dir/%_'))
    expect(await keysIn(store)).toEqual(['dir/a', 'other/'])
  })

  it('are not made of an empty file that is moved or copied to where its object would be a marker', async () => {
    const { store, tree } = openTree()
    await putObjects(store, [], ['empty'])
    for (const verb of ['rename', 'copy'] as const) expect(await failureOf(tree[verb]!(parsePath('/empty'), parsePath('/other/%_')))).toMatchObject({ code: 'invalid_argument', path: '/other/%_' })
    expect(await tree.copyFrom!(store.storedAt!('empty'), parsePath('/other/%_'))).toBeUndefined()
    expect(await keysIn(store)).toEqual(['empty'])
  })

  it('may have the name of a file beside it', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['both', 'both/below', 'both.txt'])
    expect(await pathsIn(tree, '/')).toEqual(['/both', '/both.txt', '/both/'])
    expect(await pathsIn(tree, '/both')).toEqual(['/both/below'])
    expect((await tree.stat(parsePath('/both'))).kind).toBe('file')
    expect(await textOf(tree, '/both')).toBe('both')
    await tree.delete(parsePath('/both'))
    expect(await keysIn(store)).toEqual(['both.txt', 'both/below'])
    await putObjects(store, ['both'])
    await tree.delete(parsePath('/both'), { recursive: true })
    expect(await keysIn(store)).toEqual(['both.txt'])
  })

  it('is not made in the bucket by writing into it, and stays by a marker when its last file goes', async () => {
    const { store, tree } = openTree()
    await tree.write(parsePath('/a/b/c'), bytes('x'))
    expect(await keysIn(store)).toEqual(['a/b/c'])
    await tree.delete(parsePath('/a/b/c'))
    expect(await keysIn(store)).toEqual(['a/b/'])
    await tree.delete(parsePath('/a/b'))
    expect(await keysIn(store)).toEqual(['a/'])
    await tree.delete(parsePath('/a'))
    expect(await keysIn(store)).toEqual([])
  })

  it('stays when two delete its last two files at the same time', async () => {
    const { store, tree } = openTree()
    await putObjects(store, ['docs/a', 'docs/b'])
    await Promise.all(['/docs/a', '/docs/b'].map((path) => tree.delete(parsePath(path))))
    expect(await keysIn(store)).toEqual(['docs/'])
  })
})
