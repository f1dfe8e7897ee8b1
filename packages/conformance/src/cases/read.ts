import assert from 'node:assert/strict'
import { isNexusError } from '@nexus/core/contract'
import { drain, patternBytes, remaining, streamOf } from '../bodies.ts'
import { type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, bytesOf, holds, put, putAll, sameBytes } from '../given.ts'

/** Bodies. */
export const readCases: readonly ContractCase[] = section('Read', {
  '`read` gives exactly the bytes that were written.': async (context) => {
    const all = Uint8Array.from({ length: 512 }, (_, index) => index % 256)
    await put(context, '/all', all)
    await holds(context, '/all', all)
    const large = patternBytes(200_001)
    await put(context, '/large', large)
    await holds(context, '/large', large)
  },
  '`read` of an empty file gives no bytes.': async (context) => {
    const stat = await put(context, '/empty', '')
    assert.ok(stat.sizeBytes === undefined || stat.sizeBytes === 0)
    await holds(context, '/empty', '')
    const content = await context.backend.read(at('/empty'))
    sameBytes(context, await drain(content.stream()), '', 'the stream of an empty file')
  },
  '`text` decodes UTF-8, and shows malformed sequences as U+FFFD.': async (context) => {
    await put(context, '/text', Uint8Array.of(0x68, 0xc3, 0xa9, 0xff, 0x21))
    const content = await context.backend.read(at('/text'))
    const text = await content.text()
    if (context.capabilities.fidelity === 'bytes') assert.equal(text, 'h\u00e9\ufffd!')
  },
  '`stream` gives the bytes that `bytes` gives.': async (context) => {
    const body = patternBytes(300_000)
    await put(context, '/large', body)
    const content = await context.backend.read(at('/large'))
    sameBytes(context, await drain(content.stream()), body, 'the stream')
  },
  '`read` carries the stat of the whole file.': async (context) => {
    const written = await put(context, '/file', '0123456789')
    const options = context.capabilities.ranges ? { range: { offset: 2, length: 3 } } : {}
    await using content = await context.backend.read(at('/file'), options)
    const { path, kind, sizeBytes, etag, version } = content.stat
    assert.deepEqual(
      { path, kind, sizeBytes, etag, version },
      { path: '/file', kind: 'file', sizeBytes: written.sizeBytes, etag: written.etag, version: written.version },
    )
  },
  '`read` of what is absent fails with `not_found`, before a body is asked for.': async (context) => {
    await putAll(context, ['/docs/a', '/file'])
    await fails('not_found', context.backend.read(at('/docs/b')))
    await fails('not_found', context.backend.read(at('/file/below')))
  },
  '`read` of a directory fails with `is_directory`.': async (context) => {
    await putAll(context, ['/docs/a'])
    await fails('is_directory', context.backend.read(at('/docs')))
    await fails('is_directory', context.backend.read(at('/')))
  },
  'A body is read once: a second `bytes`, `text` or `stream` fails with `invalid_argument`.': async (context) => {
    await put(context, '/file', 'once')
    const content = await context.backend.read(at('/file'))
    await content.bytes()
    await fails('invalid_argument', content.bytes())
    await fails('invalid_argument', content.text())
    await fails(
      'invalid_argument',
      Promise.resolve().then(() => drain(content.stream())),
    )
  },
  'Disposing a body gives it up, read or not; twice is once.': async (context) => {
    const body = patternBytes(300_000)
    await put(context, '/large', body)
    const unread = await context.backend.read(at('/large'))
    await unread[Symbol.asyncDispose]()
    await unread[Symbol.asyncDispose]()
    await fails('invalid_argument', unread.bytes())
    const read = await context.backend.read(at('/large'))
    await read.bytes()
    await read[Symbol.asyncDispose]()
    await holds(context, '/large', body)
  },
  'Cancelling a stream in its middle is no failure, and the file stays readable.': async (context) => {
    const body = patternBytes(300_000)
    await put(context, '/large', body)
    const content = await context.backend.read(at('/large'))
    const reader = content.stream().getReader()
    await reader.read()
    await reader.cancel()
    await content[Symbol.asyncDispose]()
    await holds(context, '/large', body)
  },
  'The bytes that `read` gave belong to the caller: changing them changes no file.': async (context) => {
    await put(context, '/file', 'untouched')
    const bytes = await bytesOf(context, '/file')
    bytes.fill(0)
    const streamed = await context.backend.read(at('/file'))
    for await (const chunk of streamed.stream()) chunk.fill(0)
    await holds(context, '/file', 'untouched')
  },
  'The stats that a call gave belong to the caller: changing them changes no file.': async (context) => {
    const given = await put(context, '/file', 'a')
    Object.assign(given.metadata, { stranger: 'x' })
    Object.assign((await context.backend.stat(at('/file'))).metadata, { stranger: 'x' })
    assert.equal((await context.backend.stat(at('/file'))).metadata['stranger'], undefined)
  },
  'A read that began gives the file as it was, or fails; it never mixes two states.': async (context) => {
    const [old, next] = [patternBytes(3_000_000, 1), patternBytes(3_000_000, 2)]
    await put(context, '/large', old)
    const content = await context.backend.read(at('/large'))
    const reader = content.stream().getReader()
    const first = await reader.read()
    await put(context, '/large', next)
    const rest = await remaining(reader, first.value).catch((error: unknown) => {
      assert.ok(isNexusError(error), `A body that cannot go on fails with a NexusError, not with ${String(error)}.`)
      return old
    })
    sameBytes(context, rest, old, 'the body that was being read')
  },
  'Reads of one file at the same time each give the whole of it.': async (context) => {
    const body = patternBytes(100_000)
    await put(context, '/file', streamOf(body))
    const bodies = await Promise.all(Array.from({ length: 8 }, () => bytesOf(context, '/file')))
    for (const bytes of bodies) sameBytes(context, bytes, body, 'one of eight reads')
  },
})
