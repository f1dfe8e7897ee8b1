import assert from 'node:assert/strict'
import { heldStream, patternBytes, toBytes } from '../bodies.ts'
import { type ContractCase, section, skip } from '../case.ts'
import { fails, optional } from '../expect.ts'
import { at, firstOf, holds, keysOf, put, putAll } from '../given.ts'

/** The end. */
export const closeCases: readonly ContractCase[] = section('Close', {
  'After `close` every call fails with `unavailable`.': async (context) => {
    const { backend } = context
    await putAll(context, ['/file'])
    await backend.close()
    const path = at('/file')
    const calls = [
      () => backend.stat(path),
      () => backend.read(path),
      () => backend.write(path, toBytes('x')),
      () => backend.delete(path),
      () => (context.capabilities.emptyDirectories ? backend.mkdir(at('/new')) : undefined),
      () => firstOf(backend.list(at('/'))),
      () => optional(context, 'append')?.(path, toBytes('x')),
      () => optional(context, 'rename')?.(path, at('/new')),
      () => optional(context, 'copy')?.(path, at('/new')),
    ]
    for (const call of calls) {
      const called = call()
      if (called !== undefined) await fails('unavailable', called)
    }
  },
  '`close` twice is `close` once.': async ({ backend }) => {
    await backend.close()
    await backend.close()
    await Promise.all([backend.close(), backend.close()])
    await fails('unavailable', backend.stat(at('/')))
  },
  '`close` waits for what is under way.': async (context) => {
    const body = heldStream(toBytes('stored'))
    const ended: string[] = []
    const writing = put(context, '/file', body.stream).then(() => ended.push('write'))
    await body.begun
    const closing = context.backend.close().then(() => ended.push('close'))
    await Promise.resolve()
    body.finish()
    await Promise.all([writing, closing])
    assert.deepEqual(ended, ['write', 'close'])
  },
  '`close` ends `changes` that wait, with `unavailable`.': async (context) => {
    const changes = optional(context, 'changes')
    if (changes === undefined || context.capabilities.changes === false) return skip('The backend tells no changes.')
    const step = changes(at('/'))[Symbol.asyncIterator]().next()
    const ended = fails('unavailable', step)
    await context.backend.close()
    return ended
  },
  'What was acknowledged is there when the storage is opened again.': async (context) => {
    const large = patternBytes(1_200_000)
    await put(context, '/docs/file', 'content', context.capabilities.metadata ? { metadata: { colour: 'red' } } : {})
    await put(context, '/docs/sub/large', large)
    await put(context, '/gone', 'x')
    await context.backend.delete(at('/gone'))
    const before = await context.backend.stat(at('/docs/file'))
    const again = { ...context, backend: await context.reopen() }
    await holds(again, '/docs/file', 'content')
    await holds(again, '/docs/sub/large', large)
    const after = await again.backend.stat(at('/docs/file'))
    assert.deepEqual([after.etag, after.metadata], [before.etag, before.metadata])
    assert.deepEqual(await keysOf(again, '/', { recursive: true }), ['docs/', 'docs/file', 'docs/sub/', 'docs/sub/large'])
  },
})
