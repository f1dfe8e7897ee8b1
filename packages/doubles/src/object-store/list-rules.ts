import assert from 'node:assert/strict'
import type { ListPagesOptions, ObjectPage } from '@nexus/object-storage'
import { holds, put, type RuleContext, rules, type StoreRule } from './rule.ts'

/** In order of their bytes, which is not that of UTF-16. */
const ordered = ['B', 'a', 'a-b', 'a.txt', 'a/', 'a/x', 'a/y/z', 'a//b', 'a0', 'ab/c', '\uffee', '\u{1f600}'].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
const shallow = ['B', 'a', 'a-b', 'a.txt', 'a/', 'a0', 'ab/', '\uffee', '\u{1f600}']

async function pagesOf({ store }: RuleContext, options: ListPagesOptions): Promise<ObjectPage[]> {
  const pages: ObjectPage[] = []
  for await (const page of store.list(options)) pages.push(page)
  return pages
}

/** Keys and prefixes, each page in order. */
async function namesOf(context: RuleContext, options: ListPagesOptions): Promise<string[]> {
  return (await pagesOf(context, options)).flatMap(({ objects, prefixes }) => inOrder([...objects.map(({ key }) => key), ...prefixes]))
}

function inOrder(names: readonly string[]): string[] {
  return [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
}

async function putAll(context: RuleContext, keys: readonly string[]): Promise<void> {
  for (const key of keys) await put(context, key, key.endsWith('/') ? '' : key)
}

/** Listing, and what a key may be. */
export const listRules: readonly StoreRule[] = rules({
  '`list` gives the keys that begin with the prefix, in the order of their bytes.': async (context) => {
    assert.deepEqual(await namesOf(context, { prefix: '' }), [])
    await putAll(context, ordered)
    for (const prefix of ['', 'a', 'a/', 'a/y', 'absent']) {
      const keys = (await pagesOf(context, { prefix })).flatMap(({ objects }) => objects.map(({ key }) => key))
      assert.deepEqual(keys, ordered.filter((key) => key.startsWith(prefix)), `below "${prefix}"`)
    }
  },
  'With a delimiter, keys that go on behind it are told as one common prefix, which ends in it.': async (context) => {
    await putAll(context, ordered)
    assert.deepEqual(await namesOf(context, { prefix: '', delimiter: '/' }), shallow)
    const below = await pagesOf(context, { prefix: 'a/', delimiter: '/' })
    assert.deepEqual(below.flatMap(({ objects }) => objects.map(({ key }) => key)), ['a/', 'a/x'])
    assert.deepEqual(below.flatMap(({ prefixes }) => prefixes), ['a//', 'a/y/'])
  },
  '`startAfter` gives only keys behind it, whether it is a key or not.': async (context) => {
    await putAll(context, ordered)
    for (const startAfter of [...ordered, '0', 'a1', 'zzz', 'a/y/', '\uffef']) {
      assert.deepEqual(await namesOf(context, { prefix: '', startAfter }), ordered.filter((key) => Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0), `after "${startAfter}"`)
    }
  },
  'With a delimiter, `startAfter` gives only keys and common prefixes behind it, also in the middle of one.': async (context) => {
    await putAll(context, ordered)
    for (const startAfter of [...shallow, 'a/x', 'a/y/z', 'ab/c', 'aa']) {
      const expected = shallow.filter((name) => Buffer.compare(Buffer.from(name), Buffer.from(startAfter)) > 0)
      assert.deepEqual(await namesOf(context, { prefix: '', delimiter: '/', startAfter }), expected, `after "${startAfter}"`)
    }
    assert.deepEqual(await namesOf(context, { prefix: 'a/', delimiter: '/', startAfter: 'a//' }), ['a/x', 'a/y/'])
  },
  'A listing is complete and in order, however small its pages are, and no page is larger than asked.': async (context) => {
    await putAll(context, ordered)
    for (const pageSize of [1, 2, 5]) {
      for (const [delimiter, expected] of [[undefined, ordered], ['/', shallow]] as const) {
        const pages = await pagesOf(context, { prefix: '', delimiter, pageSize })
        assert.ok(pages.every(({ objects, prefixes }) => objects.length + prefixes.length <= pageSize), `A page has more than ${pageSize}.`)
        assert.deepEqual(pages.flatMap(({ objects, prefixes }) => inOrder([...objects.map(({ key }) => key), ...prefixes])), expected)
      }
      assert.deepEqual(await namesOf(context, { prefix: '', pageSize, startAfter: 'a/' }), ordered.slice(ordered.indexOf('a/') + 1))
    }
  },
  'A listing tells of an object what `head` tells, or leaves it out.': async (context) => {
    await put(context, 'docs/a', 'content', { contentType: 'text/css', metadata: { colour: 'red' } })
    const [page] = await pagesOf(context, { prefix: 'docs/' })
    const [listed, head] = [page?.objects[0], await context.store.head('docs/a')]
    for (const field of ['key', 'sizeBytes', 'etag'] as const) assert.equal(listed?.[field], head?.[field], field)
    for (const field of ['contentType', 'metadata', 'version'] as const) if (listed?.[field] !== undefined) assert.deepEqual(listed[field], head?.[field], field)
    const apartMs = Math.abs((listed?.modifiedAt.getTime() ?? NaN) - (head?.modifiedAt.getTime() ?? NaN))
    assert.ok(apartMs < 1000, `The dates are ${apartMs} ms apart.`)
  },
  'A listing that is left ends, and each iteration begins from the beginning.': async (context) => {
    await putAll(context, ['a', 'b', 'c'])
    const listing = context.store.list({ prefix: '', pageSize: 1 })
    for await (const page of listing) {
      assert.deepEqual(page.objects.map(({ key }) => key), ['a'])
      break
    }
    assert.deepEqual(await namesOf(context, { prefix: '', pageSize: 1 }), ['a', 'b', 'c'])
  },
  'What was written or deleted shows in the next listing.': async (context) => {
    await putAll(context, ['a', 'b'])
    await context.store.delete(['a'])
    await putAll(context, ['c'])
    assert.deepEqual(await namesOf(context, { prefix: '' }), ['b', 'c'])
  },
  'A key may hold any character.': async (context) => {
    const keys = ["it's \"quoted\"", ' a b ', '100%', 'a%2Fb', 'a+b&c=d?e#f', '<>|:*\\', '~`!@$^()[]{},;', 'käse', '語/😀', 'line\nfeed', 'tab\t', '__proto__']
    await putAll(context, keys)
    assert.deepEqual(await namesOf(context, { prefix: '' }), inOrder(keys))
    for (const key of keys) await holds(context, key, key)
    await context.store.delete(keys)
    assert.deepEqual(await namesOf(context, { prefix: '' }), [])
  },
  'A key is taken as it is: empty segments, a leading slash, decomposed letters.': async (context) => {
    const keys = ['/lead', '//', 'a//b', 'a/', 'e\u0301', '\u00e9', 'end/']
    await putAll(context, keys)
    assert.deepEqual(await namesOf(context, { prefix: '' }), inOrder(keys))
    await holds(context, 'a//b', 'a//b')
    await holds(context, '/lead', '/lead')
    await holds(context, 'e\u0301', 'e\u0301')
  },
  'A key may hold segments of dots.': async (context) => {
    const keys = ['a/../b', './c', 'd/.', '.../e']
    await putAll(context, keys)
    assert.deepEqual(await namesOf(context, { prefix: '' }), inOrder(keys))
    for (const key of keys) await holds(context, key, key)
  },
  'A key may hold 900 bytes, and 600 in a segment.': async (context) => {
    // The service takes 1,024, of which a prefix has its part.
    const key = `${'k'.repeat(299)}/${'語'.repeat(200)}`
    await putAll(context, [key])
    await holds(context, key, key)
  },
})
