import assert from 'node:assert/strict'
import type { ObjectVersion } from '@nexus/object-storage'
import { bytesOf, fails, holds, isAbsent, patternBytes, put, type RuleContext, rules, type StoreRule, tellsHead } from './rule.ts'

async function versionsOf({ store }: RuleContext, key: string): Promise<ObjectVersion[]> {
  const kept: ObjectVersion[] = []
  for await (const version of store.versions?.(key) ?? assert.fail('A store that keeps versions lists them.')) kept.push(version)
  return kept
}

/** Runs the check where versions are kept; elsewhere there must be no member to ask. */
function whereVersions(context: RuleContext, check: () => Promise<unknown>): Promise<unknown> {
  if (context.store.keepsVersions) return check()
  return put(context, 'a', 'x').then(({ version }) => assert.equal(version, undefined))
}

/** Copying, deleting, and what is kept. */
export const changeRules: readonly StoreRule[] = rules({
  '`copy` copies an object with its attributes, leaves the source, and gives what `head` gives next.': async (context) => {
    const attributes = { contentType: 'text/css', metadata: { colour: 'red', unicode: 'é' } }
    await put(context, 'odd key/ä+%', 'content', attributes)
    const told = await context.store.copy('odd key/ä+%', 'to/b', {})
    assert.deepEqual({ contentType: told?.contentType, metadata: told?.metadata, sizeBytes: told?.sizeBytes }, { ...attributes, sizeBytes: 7 })
    await tellsHead(context, told)
    await holds(context, 'to/b', 'content')
    await holds(context, 'odd key/ä+%', 'content')
  },
  '`copy` of what is absent is `undefined` and changes nothing.': async (context) => {
    await put(context, 'kept', 'kept')
    assert.equal(await context.store.copy('absent', 'kept'), undefined)
    assert.equal(await context.store.copy('absent', 'new'), undefined)
    await holds(context, 'kept', 'kept')
    await isAbsent(context, 'new')
  },
  '`copy` gives the copy other attributes when they are given, also onto itself.': async (context) => {
    await put(context, 'a', 'content', { contentType: 'text/css', metadata: { colour: 'red' } })
    await context.store.copy('a', 'b', { contentType: 'text/plain', metadata: { size: 'large' } })
    const b = await context.store.head('b')
    assert.deepEqual([b?.contentType, b?.metadata], ['text/plain', { size: 'large' }])
    await tellsHead(context, await context.store.copy('a', 'a', { contentType: 'text/css', metadata: {} }))
    const a = await context.store.head('a')
    assert.deepEqual([a?.contentType, a?.metadata, a?.sizeBytes], ['text/css', {}, 7])
    await holds(context, 'a', 'content')
  },
  '`copy` with `ifSourceMatch` copies the object that has this etag, and else fails with `precondition_failed`.': async (context) => {
    const { etag } = await put(context, 'a', 'old')
    await put(context, 'a', 'newer')
    await fails('precondition_failed', context.store.copy('a', 'b', { ifSourceMatch: etag }))
    await isAbsent(context, 'b')
    await context.store.copy('a', 'b', { ifSourceMatch: (await context.store.head('a'))?.etag })
    await holds(context, 'b', 'newer')
  },
  '`copy` to where an object must be absent never replaces one.': async (context) => {
    await put(context, 'a', 'new')
    await put(context, 'b', 'old')
    const call = context.store.copy('a', 'b', { condition: 'absent' })
    await fails(context.store.conditions.absent ? 'precondition_failed' : 'unsupported', call)
    await holds(context, 'b', 'old')
    if (context.store.conditions.absent) await context.store.copy('a', 'c', { condition: 'absent' })
  },
  '`copy` onto what has an etag replaces that state, and no other.': async (context) => {
    await put(context, 'a', 'new')
    const { etag } = await put(context, 'b', 'old')
    if (!context.store.conditions.match) return fails('unsupported', context.store.copy('a', 'b', { condition: { ifMatch: etag } }))
    await context.store.copy('a', 'b', { condition: { ifMatch: etag } })
    await holds(context, 'b', 'new')
    return fails('precondition_failed', context.store.copy('a', 'b', { condition: { ifMatch: etag } }))
  },
  '`copy` of a long object copies the whole of it.': async (context) => {
    const body = patternBytes(context.longBytes)
    await context.store.put('long', body, { metadata: { colour: 'red' } })
    await tellsHead(context, await context.store.copy('long', 'copy'))
    await holds(context, 'copy', body)
  },
  '`copyFrom`, where there is one, copies what `storedAt` names, with its attributes.': async (context) => {
    const { store } = context
    const attributes = { contentType: 'text/css', metadata: { colour: 'red' } }
    const { etag } = await put(context, 'odd key/ä+%', 'content', attributes)
    if (store.copyFrom === undefined || store.storedAt === undefined) return
    const source = store.storedAt('odd key/ä+%')
    const told = await store.copyFrom(source, 'to/b', { ifSourceMatch: etag })
    assert.deepEqual([told?.key, told?.sizeBytes], ['to/b', 7])
    const head = await store.head('to/b')
    assert.deepEqual([head?.etag, head?.contentType, head?.metadata], [told?.etag, attributes.contentType, attributes.metadata])
    await holds(context, 'to/b', 'content')
    await holds(context, 'odd key/ä+%', 'content')
  },
  '`copyFrom` keeps conditions on both ends, and what is absent is `not_found`.': async (context) => {
    const { store } = context
    const { etag } = await put(context, 'a', 'old')
    await put(context, 'a', 'newer')
    await put(context, 'kept', 'kept')
    if (store.copyFrom === undefined || store.storedAt === undefined) return
    await fails('not_found', store.copyFrom(store.storedAt('absent'), 'kept'))
    await fails('precondition_failed', store.copyFrom(store.storedAt('a'), 'kept', { ifSourceMatch: etag }))
    const call = store.copyFrom(store.storedAt('a'), 'kept', { condition: 'absent' })
    // A service that creates only where nothing is may yet not copy so; then it is not asked to.
    const isRefused = await call.then((info) => info === undefined, () => false)
    if (!isRefused) await fails('precondition_failed', call)
    await holds(context, 'kept', 'kept')
  },
  '`copyFrom` of another service is `undefined`, and nothing happens.': async (context) => {
    const { store } = context
    await put(context, 'a', 'content')
    if (store.copyFrom === undefined || store.storedAt === undefined) return
    assert.equal(await store.copyFrom({ ...store.storedAt('a'), service: 'another' }, 'b'), undefined)
    await isAbsent(context, 'b')
  },
  '`delete` removes the objects, and what is absent is success.': async (context) => {
    for (const key of ['a', 'b/c', 'b/d', 'e']) await put(context, key, key)
    await context.store.delete(['a', 'absent', 'b/c'])
    await context.store.delete(['a'])
    await context.store.delete([])
    for (const key of ['a', 'b/c']) await isAbsent(context, key)
    await holds(context, 'b/d', 'b/d')
    await holds(context, 'e', 'e')
  },
  '`delete` takes more keys than a service does at once.': async (context) => {
    await put(context, 'last', 'x')
    await context.store.delete([...Array.from({ length: 1001 }, (_, index) => `absent-${index}`), 'last'])
    await isAbsent(context, 'last')
  },
  '`deleteMatching`, where there is one, deletes the object that has this etag, and else fails with `precondition_failed`.': async (context) => {
    const { etag } = await put(context, 'a', 'old')
    const next = await put(context, 'a', 'newer')
    const { store } = context
    if (store.deleteMatching === undefined) return
    await fails('precondition_failed', store.deleteMatching('a', etag))
    await holds(context, 'a', 'newer')
    await store.deleteMatching('a', next.etag)
    await isAbsent(context, 'a')
    await fails('precondition_failed', store.deleteMatching('a', next.etag))
  },
  '`versions` gives the kept states, newest first, each readable by its version.': (context) =>
    whereVersions(context, async () => {
      const told = []
      for (const text of ['one', 'two!', 'three']) told.push(await put(context, 'docs/a', text, { metadata: { text } }))
      await put(context, 'docs/a.txt', 'another')
      const kept = await versionsOf(context, 'docs/a')
      assert.deepEqual(kept.map(({ version, isCurrent, sizeBytes, key }) => [version, isCurrent, sizeBytes, key]), told.reverse().map(({ version, sizeBytes }, index) => [version, index === 0, sizeBytes, 'docs/a']))
      for (const { version, metadata } of told) {
        const [body, head] = [await context.store.get('docs/a', { version }), await context.store.head('docs/a', { version })]
        assert.equal(new TextDecoder().decode(await bytesOf(body)), metadata?.['text'])
        assert.deepEqual([head?.version, head?.metadata], [version, metadata])
      }
    }),
  'Versions outlive the object, none of them current; an unknown version is absent.': (context) =>
    whereVersions(context, async () => {
      const { store } = context
      const { version } = await put(context, 'a', 'old')
      await store.delete(['a'])
      assert.deepEqual((await versionsOf(context, 'a')).map((kept) => [kept.version, kept.isCurrent]), [[version, false]])
      assert.equal((await bytesOf(await store.get('a', { version }))).length, 3)
      assert.deepEqual(await versionsOf(context, 'absent'), [])
      await put(context, 'b', 'x')
      for (const unknownVersion of [version, 'no such version']) {
        assert.equal(await store.head('b', { version: unknownVersion }), undefined)
        assert.equal(await store.get('b', { version: unknownVersion }), undefined)
      }
    }),
  '`presign`, where there is one, gives a URL.': async ({ store }) => {
    for (const method of ['GET', 'PUT'] as const) if (store.presign !== undefined) assert.ok((await store.presign('a b/ä', { method, expiresInMs: 60_000 })) instanceof URL)
  },
  '`lifecycle`, where there is one, gives rules.': async ({ store }) => {
    const found = await store.lifecycle?.()
    assert.ok(found === undefined || found.every(({ id, prefix }) => typeof id === 'string' && typeof prefix === 'string'))
  },
})
