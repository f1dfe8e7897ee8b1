import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { isNexusError, NexusError } from '@nexus/core/contract'
import { failingStream, heldStream, patternBytes, streamOf, toBytes } from '../bodies.ts'
import { type ContractCase, section } from '../case.ts'
import { failure, fails } from '../expect.ts'
import { at, holds, isAbsent, keysOf, put, putAll } from '../given.ts'

/** Storing bodies. */
export const writeCases: readonly ContractCase[] = section('Write', {
  '`write` makes the parents that are missing.': async (context) => {
    await put(context, '/a/b/c/file', 'deep')
    await holds(context, '/a/b/c/file', 'deep')
    assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['a/', 'a/b/', 'a/b/c/', 'a/b/c/file'])
  },
  '`write` replaces the whole of an existing file.': async (context) => {
    await put(context, '/file', 'a long first content')
    await put(context, '/file', 'short')
    await holds(context, '/file', 'short')
    await put(context, '/file', 'and longer than before')
    await holds(context, '/file', 'and longer than before')
    assert.deepEqual(await keysOf(context, '/'), ['file'])
  },
  '`write` onto a directory fails with `is_directory` and changes nothing.': async (context) => {
    await putAll(context, ['/docs/a'])
    await fails('is_directory', put(context, '/docs', 'x'))
    await fails('is_directory', put(context, '/', 'x'))
    await holds(context, '/docs/a', '/docs/a')
  },
  '`write` below a file fails with `not_directory` and changes nothing.': async (context) => {
    await putAll(context, ['/file'])
    await fails('not_directory', put(context, '/file/below', 'x'))
    await fails('not_directory', put(context, '/file/below/more', 'x'))
    await holds(context, '/file', '/file')
  },
  '`write` takes a stream of chunks of any size, empty ones too.': async (context) => {
    const body = patternBytes(200_000)
    const none = new Uint8Array(0)
    await put(context, '/streamed', streamOf(none, body.slice(0, 1), none, body.slice(1, 150_000), body.slice(150_000), none))
    await holds(context, '/streamed', body)
  },
  'A stream without chunks writes an empty file.': async (context) => {
    await put(context, '/empty', streamOf())
    await holds(context, '/empty', '')
  },
  "`write` does not keep the caller's buffer: what happens to it afterwards changes no file.": async (context) => {
    const [bytes, chunk] = [toBytes('stays as it is'), toBytes('stays as well')]
    await put(context, '/bytes', bytes)
    await put(context, '/stream', streamOf(chunk))
    bytes.fill(0)
    chunk.fill(0)
    await holds(context, '/bytes', 'stays as it is')
    await holds(context, '/stream', 'stays as well')
  },
  '`write` of a part of a buffer stores that part.': async (context) => {
    const whole = toBytes('0123456789')
    await put(context, '/part', whole.subarray(2, 5))
    await put(context, '/streamed', streamOf(whole.subarray(5, 7), whole.subarray(7, 8)))
    await holds(context, '/part', '234')
    await holds(context, '/streamed', '567')
  },
  'A body of another length than `sizeBytes` fails with `invalid_argument` and stores nothing.': async (context) => {
    await put(context, '/kept', 'old')
    for (const sizeBytes of [2, 4]) {
      await fails('invalid_argument', put(context, '/kept', 'new', { sizeBytes }))
      await fails('invalid_argument', put(context, '/kept', streamOf(toBytes('ne'), toBytes('w')), { sizeBytes }))
      await fails('invalid_argument', put(context, '/fresh', streamOf(toBytes('new')), { sizeBytes }))
    }
    await holds(context, '/kept', 'old')
    await isAbsent(context, '/fresh')
  },
  'A body of the length that `sizeBytes` promised is stored.': async (context) => {
    await put(context, '/bytes', 'right', { sizeBytes: 5 })
    await put(context, '/stream', streamOf(toBytes('ri'), toBytes('ght')), { sizeBytes: 5 })
    await holds(context, '/bytes', 'right')
    await holds(context, '/stream', 'right')
  },
  'A body that `sizeBytes` says is longer than `maxSizeBytes` fails with `invalid_argument`; without `maxSizeBytes` there is no such limit.':
    async (context) => {
      const { maxSizeBytes } = context.capabilities
      if (maxSizeBytes === undefined)
        return holds(context, (await put(context, '/large', patternBytes(1_100_000))).path, patternBytes(1_100_000))
      const body = heldStream(toBytes('x'))
      await fails('invalid_argument', put(context, '/large', body.stream, { sizeBytes: maxSizeBytes + 1 }))
      return isAbsent(context, '/large')
    },
  "A body that fails makes `write` fail, with the body's error as cause, and stores nothing.": async (context) => {
    await put(context, '/kept', 'old')
    for (const path of ['/kept', '/fresh/file']) {
      const broken = new Error('The source broke.')
      const error = await failure(put(context, path, failingStream(toBytes('half'), broken)))
      assert.ok(isNexusError(error), `A failure is a NexusError, not ${String(error)}.`)
      assert.equal(error.cause, broken)
    }
    await holds(context, '/kept', 'old')
    await isAbsent(context, '/fresh/file')
  },
  'A body that fails with a NexusError makes `write` fail with its code.': async (context) => {
    await fails('corrupt', put(context, '/file', failingStream(toBytes('half'), new NexusError('corrupt', { path: '/source' }))))
    await isAbsent(context, '/file')
  },
  'Until the body has ended, `write` shows nothing of it.': async (context) => {
    await put(context, '/kept/file', 'old')
    const [body, other] = [heldStream(toBytes('new')), heldStream(toBytes('new'))]
    const writing = Promise.all([put(context, '/kept/file', body.stream), put(context, '/kept/fresh', other.stream)])
    await Promise.all([body.begun, other.begun])
    await holds(context, '/kept/file', 'old')
    assert.deepEqual(await keysOf(context, '/kept'), ['file'])
    body.finish()
    other.finish()
    await writing
    await holds(context, '/kept/file', 'new')
    await holds(context, '/kept/fresh', 'new')
  },
  'When `write` has resolved, every `stat`, `read` and `list` shows it.': async (context) => {
    for (const round of ['one', 'second', 'the third']) {
      const written = await put(context, '/docs/file', round)
      const [stat] = await Promise.all([context.backend.stat(at('/docs/file')), holds(context, '/docs/file', round)])
      assert.equal(stat.etag, written.etag)
      assert.deepEqual(await keysOf(context, '/docs'), ['file'])
    }
  },
  '`onVerified` is called, where it is called at all, once by a write that stored its body, before it resolves, and never by one that fails.':
    async (context) => {
      let calls = 0
      const onVerified = (): void => {
        calls += 1
      }
      for (const body of [toBytes('bytes'), streamOf(toBytes('a '), toBytes('stream'))]) {
        calls = 0
        await put(context, '/file', body, { onVerified })
        const told = calls
        assert.ok(told <= 1, `It was called ${told} times.`)
        await setImmediate()
        assert.equal(calls, told)
      }
      calls = 0
      await fails('invalid_argument', put(context, '/file', 'bytes', { sizeBytes: 4, onVerified }))
      await fails('invalid_argument', put(context, '/file', streamOf(toBytes('stream')), { sizeBytes: 7, onVerified }))
      await failure(put(context, '/file', failingStream(toBytes('half'), new Error('The source broke.')), { onVerified }))
      assert.equal(calls, 0)
    },
})
