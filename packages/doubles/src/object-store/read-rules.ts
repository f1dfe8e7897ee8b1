import assert from 'node:assert/strict'
import { bytesOf, failure, fails, heldStream, holds, isAbsent, patternBytes, put, rules, type StoreRule, toBytes } from './rule.ts'

const reason = new Error('The caller has had enough.')

/** Reading, giving up, closing. */
export const readRules: readonly StoreRule[] = rules({
  'What is absent is `undefined` to `head` and `get`.': async ({ store }) => {
    assert.equal(await store.head('absent'), undefined)
    assert.equal(await store.get('absent'), undefined)
    assert.equal(await store.get('absent', { range: { offset: 0, length: 1 } }), undefined)
  },
  '`get` gives the bytes, and what `head` gives.': async (context) => {
    await put(context, 'a', 'content', { contentType: 'text/css', metadata: { colour: 'red' } })
    const [body, head] = [await context.store.get('a'), await context.store.head('a')]
    assert.deepEqual(body?.info, head)
    assert.equal(new TextDecoder().decode(await bytesOf(body)), 'content')
  },
  'A range is half open and clamped, also to nothing; the info is of the whole object.': async (context) => {
    await put(context, 'digits', '0123456789')
    await put(context, 'empty', '')
    const cases = [[0, 1, '0'], [3, 4, '3456'], [8, 100, '89'], [10, 1, ''], [1000, 5, ''], [2, 0, ''], [4, Number.MAX_SAFE_INTEGER - 4, '456789']] as const
    for (const [offset, length, expected] of cases) {
      const body = await context.store.get('digits', { range: { offset, length } })
      assert.equal(body?.info.sizeBytes, 10, `the size with ${offset}, ${length}`)
      assert.equal(new TextDecoder().decode(await bytesOf(body)), expected, `${length} bytes from ${offset}`)
    }
    assert.equal((await bytesOf(await context.store.get('empty', { range: { offset: 0, length: 5 } }))).length, 0)
  },
  '`get` with `ifMatch` gives the object that has this etag, and else fails with `precondition_failed`.': async (context) => {
    const { store } = context
    const { etag } = await put(context, 'a', 'old')
    assert.equal((await bytesOf(await store.get('a', { ifMatch: etag }))).length, 3)
    await put(context, 'a', 'newer')
    await fails('precondition_failed', store.get('a', { ifMatch: etag }))
    await fails('precondition_failed', store.get('a', { ifMatch: etag, range: { offset: 0, length: 1 } }))
  },
  'A body that is cancelled in its middle is no failure.': async (context) => {
    const bytes = patternBytes(500_000)
    await context.store.put('a', bytes)
    const body = await context.store.get('a')
    const reader = body?.stream.getReader()
    await reader?.read()
    await reader?.cancel()
    await holds(context, 'a', bytes)
  },
  'The signal given to `get` holds for its body.': async (context) => {
    await context.store.put('a', patternBytes(4_000_000))
    const controller = new AbortController()
    const body = await context.store.get('a', { signal: controller.signal })
    const reader = body?.stream.getReader()
    await reader?.read()
    controller.abort(reason)
    const readOn = async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    }
    assert.equal(await failure(readOn()), reason)
  },
  'A call whose signal is aborted already rejects with its reason and changes nothing.': async (context) => {
    const { store } = context
    const { etag } = await put(context, 'a', 'kept')
    const signal = AbortSignal.abort(reason)
    const listing = store.list({ prefix: '', signal })[Symbol.asyncIterator]()
    const calls = [
      store.head('a', { signal }), store.get('a', { signal }), store.put('a', toBytes('lost'), { signal }), store.putStream('a', heldStream(toBytes('lost')).stream, { signal }),
      store.copy('a', 'b', { signal }), store.delete(['a'], { signal }), listing.next(),
    ]
    for (const error of await Promise.all(calls.map(failure))) assert.equal(error, reason)
    assert.equal((await store.head('a'))?.etag, etag)
    await isAbsent(context, 'b')
  },
  'An abort while a body is awaited rejects `putStream` with its reason, cancels the body and stores nothing.': async (context) => {
    const controller = new AbortController()
    const body = heldStream(toBytes('half'))
    const failed = failure(context.store.putStream('a', body.stream, { signal: controller.signal }))
    await body.begun
    controller.abort(reason)
    assert.equal(await failed, reason)
    await body.cancelled
    await isAbsent(context, 'a')
  },
  'An abort in the middle of a listing rejects its next page with its reason.': async (context) => {
    for (const key of ['a', 'b', 'c']) await put(context, key, key)
    const controller = new AbortController()
    const pages = context.store.list({ prefix: '', pageSize: 1, signal: controller.signal })[Symbol.asyncIterator]()
    await pages.next()
    controller.abort(reason)
    assert.equal(await failure(pages.next()), reason)
  },
  'After `close` calls fail with `unavailable`, and `close` twice is once.': async ({ store }) => {
    await store.close()
    await store.close()
    await fails('unavailable', store.head('a'))
    await fails('unavailable', store.put('a', toBytes('x')))
    await fails('unavailable', store.list({ prefix: '' })[Symbol.asyncIterator]().next())
  },
})
