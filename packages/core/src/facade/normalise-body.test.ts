import { describe, expect, it } from 'vitest'
import type { Body } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type BodyTarget, type FileBody, normaliseBody } from './normalise-body.ts'

const target: BodyTarget = { op: 'write', path: '/a' }

async function* chunks(...values: unknown[]): AsyncGenerator<Uint8Array> {
  for (const value of values) yield (await Promise.resolve(value)) as Uint8Array
}

async function textOf(body: Body | Promise<Body>): Promise<string> {
  const parts: Uint8Array[] = []
  const whole = await body
  for await (const part of whole instanceof Uint8Array ? [whole] : whole) parts.push(part)
  return Buffer.concat(parts).toString()
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

describe('what a body may be', () => {
  it.each<[string, () => FileBody]>([
    ['a string', () => 'häß'],
    ['bytes', () => bytes('häß')],
    ['a Buffer', () => Buffer.from('häß')],
    ['a Blob', () => new Blob(['häß'])],
    ['a stream', () => new Blob(['häß']).stream()],
    ['an async iterable', () => chunks(bytes('h'), bytes(''), bytes('äß'))],
  ])('%s', async (_, make) => {
    expect(await textOf(normaliseBody(make(), target))).toBe('häß')
    expect(await textOf(normaliseBody(make(), { ...target, sizeBytes: 5 }))).toBe('häß')
  })

  it('bytes go through as they are, without a promise', () => {
    const body = bytes('a')
    expect(normaliseBody(body, target)).toBe(body)
    expect(normaliseBody('a', target)).toEqual(body)
  })

  it('a large Blob is streamed', () => {
    expect(normaliseBody(new Blob([new Uint8Array(100_000)]), target)).toBeInstanceOf(ReadableStream)
  })

  it.each([null, undefined, 5, {}, [1], new ArrayBuffer(2)])('not %j', (body) => {
    expect(() => normaliseBody(body as FileBody, target)).toThrow(expect.objectContaining({ code: 'invalid_argument', path: '/a' }))
  })

  it('not a stream that somebody else reads', () => {
    const stream = new Blob(['x']).stream()
    stream.getReader()
    expect(() => normaliseBody(stream, target)).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  })
})

describe('sizeBytes', () => {
  it.each([-1, 1.5, NaN, Infinity])('%d is no size', (sizeBytes) => {
    expect(() => normaliseBody('', { ...target, sizeBytes })).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  })

  it.each<[string, () => FileBody]>([['string', () => 'abc'], ['Blob', () => new Blob(['abc'])]])('a %s of another length is refused at once', (_, make) => {
    for (const sizeBytes of [2, 4]) expect(() => normaliseBody(make(), { ...target, sizeBytes })).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  })

  it.each([2, 4])('a stream that does not have %d bytes breaks', async (sizeBytes) => {
    await expect(textOf(normaliseBody(chunks(bytes('ab'), bytes('c')), { ...target, sizeBytes }))).rejects.toMatchObject({ code: 'invalid_argument' })
  })
})

describe('a source', () => {
  it('is not touched before somebody reads', async () => {
    let pulled = 0
    const source = { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(++pulled > 2 ? { done: true as const, value: undefined } : { value: bytes('x') }) }) }
    const stream = normaliseBody(source, target)
    await new Promise((resolve) => setImmediate(resolve))
    expect(pulled).toBe(0)
    expect(await textOf(stream)).toBe('xx')
  })

  it('is closed when the reader cancels', async () => {
    let closed = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(bytes('x'))
      } finally {
        closed = true
      }
    }
    const reader = ((await normaliseBody(endless(), target)) as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    expect(closed).toBe(true)
  })

  it('that gives something else than bytes breaks the body', async () => {
    await expect(textOf(normaliseBody(chunks(bytes('a'), 'text'), target))).rejects.toMatchObject({ code: 'invalid_argument' })
  })

  it('that fails breaks the body with its error as the cause', async () => {
    const cause = new Error('disk gone')
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(bytes('a'))
      throw cause
    }
    await expect(textOf(normaliseBody(failing(), target))).rejects.toMatchObject({ code: 'unexpected', cause, path: '/a' })
  })

  it('passes errors of ours and aborts on as they are', async () => {
    const own = new NexusError('corrupt')
    const abort = new AbortController()
    const reason = new Error('enough')
    abort.abort(reason)
    const failing = (error: Error): AsyncIterable<Uint8Array> => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) })
    await expect(textOf(normaliseBody(failing(own), target))).rejects.toBe(own)
    await expect(textOf(normaliseBody(failing(reason), { ...target, signal: abort.signal }))).rejects.toBe(reason)
  })
})
