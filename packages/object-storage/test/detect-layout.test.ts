import { describe, expect, it } from 'vitest'
import { detectLayout } from '../src/detect-layout.ts'
import { openMemoryStore } from '../src/memory-store.ts'
import type { ObjectStore } from '../src/object-store.ts'
import { withPrefix } from '../src/with-prefix.ts'
import { bytes, failureOf, keysIn } from './tree-kit.ts'

async function storeWith(objects: Readonly<Record<string, string>>, prefix = ''): Promise<ObjectStore> {
  const store = withPrefix(openMemoryStore({ pageSize: 2 }), prefix)
  for (const [key, text] of Object.entries(objects)) await store.put(key, bytes(text))
  return store
}

const commit = 'journal/00000000000000000001'

describe('detectLayout', () => {
  it.each([
    ['empty', {}],
    ['empty', { '.DS_Store': 'x', 'docs/': '', 'a/b/': '', 'docs/.DS_Store': 'x' }],
    ['path', { 'docs/': '', 'z/file': 'x' }],
    ['path', { 'docs/': 'bytes' }],
    ['path', { 'nexus.json': '{"marker":"sonatype"}' }],
    ['path', { 'nexus.json': 'no json' }],
    ['path', { [commit]: 'dear diary' }],
    ['path', { 'journal/1': 'NXR1' }],
    ['cas', { 'nexus.json': '{"marker":"nexus-repository","id":"x"}' }],
  ])('finds %s in %j', async (layout, objects) => {
    for (const prefix of ['', 'some/prefix/']) expect(await detectLayout(await storeWith(objects, prefix))).toBe(layout)
  })

  it.each(['NXR1 and so on', 'NXSEG1\n\0'])('calls a journal that begins with %j, without a descriptor, damaged', async (text) => {
    expect(await failureOf(detectLayout(await storeWith({ [commit]: text })))).toMatchObject({ code: 'corrupt' })
    expect(await failureOf(detectLayout(await storeWith({ [commit]: '', 'journal/00000000000000000002': text })))).toMatchObject({ code: 'corrupt' })
  })
})

it('takes no repository for damaged that is made while it looks', async () => {
  let isMaking = true
  const store: ObjectStore = openMemoryStore({
    before: async ({ verb }) => {
      if (!isMaking || verb !== 'list') return
      isMaking = false
      await store.put('nexus.json', bytes('{"marker":"nexus-repository","id":"x"}'))
      await store.put(commit, bytes('NXR1 and so on'))
    },
  })
  expect(await detectLayout(store)).toBe('cas')
})

describe('withPrefix', () => {
  it('shows what is below, and tells failures by the keys that were given', async () => {
    const store = openMemoryStore()
    await store.put('p/', bytes(''))
    await store.put('pq', bytes('x'))
    const below = withPrefix(store, 'p/')
    await below.put('a', bytes('x'))
    expect(await keysIn(below)).toEqual(['a'])
    expect(await keysIn(store)).toEqual(['p/', 'p/a', 'pq'])
    expect(await failureOf(below.put('a', bytes('x'), { condition: 'absent' }))).toMatchObject({ code: 'precondition_failed', path: 'a' })
    expect(below.identity).not.toBe(store.identity)
  })

  it('tells of rules that touch it', async () => {
    const rule = (id: string, prefix: string) => ({ id, prefix, action: 'expire' as const })
    const store = openMemoryStore({ rules: [rule('all', ''), rule('mine', 'p/cas/'), rule('other', 'q/')] })
    expect(await withPrefix(store, 'p/').lifecycle?.()).toEqual([rule('all', ''), rule('mine', 'cas/')])
  })
})
