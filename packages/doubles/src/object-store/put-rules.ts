import assert from 'node:assert/strict'
import { countWinners, failingStream, failure, fails, heldStream, holds, isAbsent, patternBytes, put, type RuleContext, rules, type StoreRule, streamOf, tellsHead, toBytes } from './rule.ts'

const writers = Array.from({ length: 6 }, (_, number) => number)

/** Runs the check where the condition is declared; elsewhere it must be refused and change nothing. */
async function where(context: RuleContext, kind: 'absent' | 'match', check: () => Promise<unknown>): Promise<unknown> {
  const { store } = context
  if (store.conditions[kind]) return check()
  const condition = kind === 'absent' ? 'absent' : { ifMatch: 'any' }
  await fails('unsupported', put(context, 'refused', 'x', { condition }))
  await fails('unsupported', store.putStream('refused', streamOf(toBytes('x')), { condition }))
  return isAbsent(context, 'refused')
}

/** Storing. */
export const putRules: readonly StoreRule[] = rules({
  '`put` stores an object with content type and attributes, and gives what `head` gives next.': async (context) => {
    const attributes = { contentType: 'text/plain; charset=utf-8', metadata: { colour: 'red', 'two-words': 'a b' } }
    const told = await put(context, 'docs/a', 'content', attributes)
    const { contentType, metadata, sizeBytes, key } = told
    assert.deepEqual({ contentType, metadata, sizeBytes, key }, { ...attributes, sizeBytes: 7, key: 'docs/a' })
    assert.notEqual(told.etag, '')
    await tellsHead(context, told)
    await tellsHead(context, await put(context, 'plain', 'content'))
    await holds(context, 'docs/a', 'content')
  },
  '`put` replaces the whole of an object, attributes too, and changes its etag.': async (context) => {
    const old = await put(context, 'a', 'long old content', { contentType: 'text/plain', metadata: { colour: 'red' } })
    const { etag } = await put(context, 'a', 'new')
    const head = await context.store.head('a')
    assert.deepEqual([head?.sizeBytes, head?.metadata], [3, {}])
    assert.notEqual(etag, old.etag)
    assert.notEqual(head?.contentType, 'text/plain')
    await holds(context, 'a', 'new')
  },
  'The value of an attribute may be any text, the empty one too.': async (context) => {
    const metadata = { empty: '', spaces: ' a  b ', unicode: 'é 語 😀', punctuation: '"%20,;=\\/?', encoded: '=?UTF-8?B?eA==?=' }
    await put(context, 'a', 'x', { metadata })
    assert.deepEqual((await context.store.head('a'))?.metadata, metadata)
  },
  'An object may be empty, and its key may end in `/`.': async (context) => {
    for (const key of ['empty', 'docs/']) {
      await tellsHead(context, await put(context, key, ''))
      await holds(context, key, '')
    }
  },
  '`put` does not keep the buffer, and stores the part that it was given.': async (context) => {
    const whole = toBytes('0123456789')
    await context.store.put('part', whole.subarray(2, 5))
    whole.fill(0)
    await holds(context, 'part', '234')
  },
  '`put` where the object must be absent creates it, and never replaces one.': (context) =>
    where(context, 'absent', async () => {
      await put(context, 'a', 'first', { condition: 'absent' })
      await fails('precondition_failed', put(context, 'a', 'second', { condition: 'absent' }))
      await holds(context, 'a', 'first')
      await context.store.delete(['a'])
      await put(context, 'a', 'third', { condition: 'absent' })
    }),
  '`put` with `ifMatch` replaces the object that has this etag, and no other.': (context) =>
    where(context, 'match', async () => {
      const { etag } = await put(context, 'a', 'one')
      const next = await put(context, 'a', 'two', { condition: { ifMatch: etag } })
      await fails('precondition_failed', put(context, 'a', 'lost', { condition: { ifMatch: etag } }))
      await holds(context, 'a', 'two')
      await context.store.delete(['a'])
      await fails('precondition_failed', put(context, 'a', 'lost', { condition: { ifMatch: next.etag } }))
      await isAbsent(context, 'a')
    }),
  'Of many writers of one absent object, exactly one writes.': (context) =>
    where(context, 'absent', async () => {
      assert.equal(await countWinners(writers.map((number) => put(context, 'a', `writer ${number}`, { condition: 'absent' }))), 1)
    }),
  'Of many writers who hold the same etag, exactly one writes.': (context) =>
    where(context, 'match', async () => {
      const { etag } = await put(context, 'a', 'old')
      assert.equal(await countWinners(writers.map((number) => put(context, 'a', `writer ${number}`, { condition: { ifMatch: etag } }))), 1)
    }),
  '`putStream` takes chunks of any size, none at all too, and gives what `head` gives next.': async (context) => {
    const { store } = context
    const none = new Uint8Array(0)
    await tellsHead(context, await store.putStream('a', streamOf(none, toBytes('con'), none, toBytes('tent')), { contentType: 'text/css', metadata: { colour: 'red' } }))
    assert.deepEqual((await store.head('a'))?.metadata, { colour: 'red' })
    await holds(context, 'a', 'content')
    await tellsHead(context, await store.putStream('empty', streamOf()))
    await holds(context, 'empty', '')
  },
  '`putStream` stores a long body in parts.': async (context) => {
    const body = patternBytes(context.longBytes)
    const chunks = Array.from({ length: Math.ceil(body.length / 1_000_000) }, (_, index) => body.slice(index * 1_000_000, (index + 1) * 1_000_000))
    await tellsHead(context, await context.store.putStream('long', streamOf(...chunks), { contentType: 'text/css', metadata: { colour: 'red' } }))
    await holds(context, 'long', body)
  },
  'A body that fails makes `putStream` fail with its error, and stores nothing.': async (context) => {
    await put(context, 'kept', 'old')
    for (const [key, sizeBytes] of [['kept', 4], ['fresh', 4], ['fresh', context.longBytes]] as const) {
      const broken = new Error('The source broke.')
      const stream = failingStream(new Uint8Array(sizeBytes), broken)
      const error = await failure(context.store.putStream(key, stream))
      assert.ok(error === broken || (error instanceof Error && error.cause === broken), `It failed with ${String(error)}.`)
    }
    await holds(context, 'kept', 'old')
    await isAbsent(context, 'fresh')
  },
  'Until its body has ended, `putStream` shows nothing, and its condition holds then.': (context) =>
    where(context, 'absent', async () => {
      const body = heldStream(toBytes('late'))
      const storing = context.store.putStream('a', body.stream, { condition: 'absent' })
      await body.begun
      await isAbsent(context, 'a')
      await put(context, 'a', 'early')
      body.finish()
      await fails('precondition_failed', storing)
      await holds(context, 'a', 'early')
    }),
  '`putStream` with `ifMatch` replaces the object that has this etag, and no other, however long.': (context) =>
    where(context, 'match', async () => {
      const { etag } = await put(context, 'a', 'one')
      await context.store.putStream('a', streamOf(toBytes('two')), { condition: { ifMatch: etag } })
      await fails('precondition_failed', context.store.putStream('a', streamOf(toBytes('lost')), { condition: { ifMatch: etag } }))
      await fails('precondition_failed', context.store.putStream('a', streamOf(patternBytes(context.longBytes)), { condition: { ifMatch: etag } }))
      await holds(context, 'a', 'two')
    }),
})
