import assert from 'node:assert/strict'
import { compareUtf8, type Entry, type ListOptions } from '@nexus/core/contract'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, entriesOf, firstOf, keysOf, put, putAll } from '../given.ts'

/** Names whose order tells bytes from UTF-16, and `name/` from `name`. */
const ordered = ['/a-b', '/a.txt', '/a/x', '/a/y/z', '/a0', '/B', '/\uffee', '/\u{1f600}', '/ab/c']
const orderedKeys = ['B', 'a-b', 'a.txt', 'a/', 'a0', 'ab/', '\uffee', '\u{1f600}']
const orderedTree = ['B', 'a-b', 'a.txt', 'a/', 'a/x', 'a/y/', 'a/y/z', 'a0', 'ab/', 'ab/c', '\uffee', '\u{1f600}']

const comparedFields = ['sizeBytes', 'etag', 'digest', 'contentType', 'version', 'metadata'] as const satisfies readonly (keyof Entry)[]

/** All keys, a page at a time. */
async function paged(context: CaseContext, options: ListOptions & { readonly limit: number }): Promise<string[]> {
  const keys: string[] = []
  for (;;) {
    const last = keys.at(-1)
    const page = await keysOf(context, '/', last === undefined ? options : { ...options, startAfter: last })
    assert.ok(page.length <= options.limit, `A page of at most ${options.limit} has ${page.length} entries.`)
    keys.push(...page)
    if (page.length === 0 || keys.length > 1_000) return keys
  }
}

/** Listings. */
export const listCases: readonly ContractCase[] = section('List', {
  '`list` gives the direct children of a directory with name, path and kind.': async (context) => {
    await putAll(context, ['/docs/a', '/docs/sub/b', '/other'])
    const entries = (await entriesOf(context, '/docs')).map(({ name, path, kind }) => ({ name, path, kind }))
    assert.deepEqual(entries, [
      { name: 'a', path: '/docs/a', kind: 'file' },
      { name: 'sub', path: '/docs/sub', kind: 'directory' },
    ])
    assert.deepEqual(
      (await entriesOf(context, '/')).map(({ path }) => path),
      ['/docs', '/other'],
    )
  },
  '`list` orders by UTF-8 bytes, a directory as `name/`.': async (context) => {
    await putAll(context, ordered)
    assert.deepEqual(await keysOf(context, '/'), orderedKeys)
  },
  '`list` with `recursive` gives everything below, directories too, in the order of the full keys.': async (context) => {
    await putAll(context, ordered)
    assert.deepEqual(await keysOf(context, '/', { recursive: true }), orderedTree)
    assert.deepEqual(await keysOf(context, '/a', { recursive: true }), ['x', 'y/', 'y/z'])
    const deep = (await entriesOf(context, '/a', { recursive: true })).at(-1)
    assert.deepEqual({ name: deep?.name, path: deep?.path }, { name: 'z', path: '/a/y/z' })
  },
  '`list` of an empty directory or backend gives nothing.': async (context) => {
    assert.deepEqual(await keysOf(context, '/'), [])
    assert.deepEqual(await keysOf(context, '/', { recursive: true }), [])
    if (!context.capabilities.emptyDirectories) return
    await context.backend.mkdir(at('/empty'))
    assert.deepEqual(await keysOf(context, '/empty'), [])
  },
  '`list` of what is absent fails with `not_found`, from the first step of the iteration.': async ({ backend }) => {
    const iteration = backend.list(at('/absent'))
    await fails('not_found', firstOf(iteration))
    await fails('not_found', firstOf(backend.list(at('/absent/below'), { recursive: true })))
  },
  '`list` of a file fails with `not_directory`, and of what is below it with `not_found`.': async (context) => {
    await putAll(context, ['/file'])
    await fails('not_directory', firstOf(context.backend.list(at('/file'))))
    await fails('not_directory', firstOf(context.backend.list(at('/file'), { recursive: true })))
    await fails('not_found', firstOf(context.backend.list(at('/file/below'))))
  },
  '`startAfter` resumes after the entry of that name.': async (context) => {
    await putAll(context, ordered)
    for (const [index, key] of orderedKeys.entries())
      assert.deepEqual(await keysOf(context, '/', { startAfter: key }), orderedKeys.slice(index + 1))
  },
  '`startAfter` takes a name that is not there, and resumes where it would stand.': async (context) => {
    await putAll(context, ordered)
    for (const startAfter of ['', '0', 'a', 'a-', 'a1', 'a/', 'zzz', '\uffef', '\u{1f601}']) {
      if (startAfter === 'a') continue
      const expected = orderedKeys.filter((key) => compareUtf8(key, startAfter) > 0)
      assert.deepEqual(await keysOf(context, '/', { startAfter }), expected, `after "${startAfter}"`)
    }
  },
  '`startAfter` takes the name of a directory with or without its `/`.': async (context) => {
    await putAll(context, ordered)
    for (const startAfter of ['a', 'a/']) assert.deepEqual(await keysOf(context, '/', { startAfter }), ['a0', 'ab/', '\uffee', '\u{1f600}'])
    for (const startAfter of ['a/y', 'a/y/']) assert.deepEqual((await keysOf(context, '/', { startAfter, recursive: true }))[0], 'a/y/z')
  },
  'With `recursive`, `startAfter` is a relative path, and what stands below it is not skipped.': async (context) => {
    await putAll(context, ordered)
    for (const [index, key] of orderedTree.entries()) {
      assert.deepEqual(await keysOf(context, '/', { startAfter: key, recursive: true }), orderedTree.slice(index + 1), `after "${key}"`)
    }
    assert.deepEqual(await keysOf(context, '/a', { startAfter: 'x', recursive: true }), ['y/', 'y/z'])
    assert.deepEqual((await keysOf(context, '/', { startAfter: 'a/xx', recursive: true }))[0], 'a/y/')
  },
  '`limit` ends a listing after so many entries; 0 gives none.': async (context) => {
    await putAll(context, ordered)
    for (const limit of [0, 1, 3, orderedKeys.length, 100]) {
      assert.deepEqual(await keysOf(context, '/', { limit }), orderedKeys.slice(0, limit))
      assert.deepEqual(await keysOf(context, '/', { limit, recursive: true }), orderedTree.slice(0, limit))
    }
  },
  'A negative or fractional `limit` fails with `invalid_argument`.': async ({ backend }) => {
    for (const limit of [-1, 0.5, Number.NaN]) await fails('invalid_argument', firstOf(backend.list(at('/'), { limit })))
  },
  'Pages of `limit` entries, each begun after the last key of the one before, give every entry once.': async (context) => {
    await putAll(context, ordered)
    for (const limit of [1, 2, 5]) {
      assert.deepEqual(await paged(context, { limit }), orderedKeys)
      assert.deepEqual(await paged(context, { limit, recursive: true }), orderedTree)
    }
  },
  'A listing longer than a page of the storage is complete and in order.': async (context) => {
    const names = Array.from({ length: context.pageEntries + 1 }, (_, index) => `file-${index}`)
    for (let index = 0; index < names.length; index += 16)
      await Promise.all(names.slice(index, index + 16).map((name) => put(context, `/many/${name}`, '')))
    const expected = names.sort(compareUtf8)
    assert.deepEqual(await keysOf(context, '/many'), expected)
    assert.deepEqual(await keysOf(context, '/many', { startAfter: expected.at(-3) ?? '' }), expected.slice(-2))
    assert.equal((await keysOf(context, '/', { recursive: true })).length, names.length + 1)
  },
  'What a listing tells of an entry is what `stat` tells.': async (context) => {
    await put(
      context,
      '/docs/a',
      'content',
      context.capabilities.metadata ? { contentType: 'text/plain', metadata: { colour: 'red' } } : {},
    )
    await put(context, '/docs/sub/b', 'b')
    for (const entry of await entriesOf(context, '/docs', { recursive: true })) {
      const stat = await context.backend.stat(entry.path)
      assert.equal(entry.kind, stat.kind)
      for (const field of comparedFields)
        if (entry[field] !== undefined) assert.deepEqual(entry[field], stat[field], `${field} of ${entry.path}`)
    }
  },
  'A listing that the caller leaves ends there, and the backend goes on.': async (context) => {
    await putAll(context, ordered)
    const iterator = context.backend.list(at('/'), { recursive: true })[Symbol.asyncIterator]()
    await iterator.next()
    await iterator.return?.()
    assert.equal((await iterator.next()).done, true)
    assert.deepEqual(await keysOf(context, '/'), orderedKeys)
  },
  'Calling `list` does nothing before the first step, and each call begins from the beginning.': async (context) => {
    const early = context.backend.list(at('/docs'))
    await putAll(context, ['/docs/a', '/docs/b'])
    const first = await firstOf(early)
    const again = await firstOf(context.backend.list(at('/docs')))
    assert.deepEqual([first?.name, again?.name], ['a', 'a'])
  },
  'An entry that is there all the time is listed once, whatever else comes and goes meanwhile.': async (context) => {
    const stable = ['/docs/b', '/docs/d/x', '/docs/f', '/docs/h/y']
    await putAll(context, [...stable, '/docs/e', '/docs/g/z'])
    const seen: string[] = []
    for await (const { path, kind } of context.backend.list(at('/docs'), { recursive: true })) {
      if (kind === 'file') seen.push(path)
      if (seen.length === 1)
        await Promise.all([
          put(context, '/docs/a', ''),
          put(context, '/docs/c', ''),
          context.backend.delete(at('/docs/e'), { force: true }),
        ])
    }
    assert.deepEqual(
      seen.filter((path) => stable.includes(path)),
      stable,
    )
  },
  "The members of a listing that the caller changes are the caller's own.": async (context) => {
    await putAll(context, ['/a'])
    const [entry] = await entriesOf(context, '/')
    Object.assign(entry?.metadata ?? {}, { stranger: 'x' })
    const [again] = await entriesOf(context, '/')
    assert.equal(again?.metadata?.['stranger'], undefined)
    assert.equal((await context.backend.stat(at('/a'))).metadata['stranger'], undefined)
  },
})
