import assert from 'node:assert/strict'
import type { ObjectBody, ObjectInfo, ObjectStore, PutOptions } from '@nexus/object-storage'

/** What a rule is asked of. */
export interface RuleContext {
  /** Empty, and private to this rule. */
  readonly store: ObjectStore
  /** So long a stream is stored in several parts. */
  readonly longBytes: number
}

/** One sentence of what an object store keeps, and the program that checks it. */
export interface StoreRule {
  readonly name: string
  /** Rejects with what the store did instead. */
  readonly run: (context: RuleContext) => Promise<unknown>
}

/** Rules by their sentences. */
export function rules(sentences: Readonly<Record<string, StoreRule['run']>>): readonly StoreRule[] {
  return Object.entries(sentences).map(([name, run]) => ({ name, run }))
}

/** UTF-8 of a text. */
export function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Bytes without a short period. */
export function patternBytes(sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = 1
  for (let index = 0; index < words.length; index++) words[index] = state = Math.imul(state, 1_664_525) + 1_013_904_223
  return new Uint8Array(words.buffer, 0, sizeBytes)
}

/** A stream of these chunks. */
export function streamOf(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

/** A stream that gives a chunk and then fails. */
export function failingStream(chunk: Uint8Array, error: Error): ReadableStream<Uint8Array> {
  let isFirst = true
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (isFirst) controller.enqueue(chunk)
    else controller.error(error)
    isFirst = false
  }
  return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
}

/** A stream that gives a chunk, and goes on when it is told to. */
export function heldStream(chunk: Uint8Array): { stream: ReadableStream<Uint8Array>; begun: Promise<void>; finish: () => void; cancelled: Promise<unknown> } {
  const [begun, finished, cancelled] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>(), Promise.withResolvers<unknown>()]
  let isFirst = true
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    if (isFirst) controller.enqueue(chunk)
    else {
      begun.resolve(undefined)
      await finished.promise
      controller.close()
    }
    isFirst = false
  }
  const stream = new ReadableStream<Uint8Array>({ pull, cancel: (reason) => cancelled.resolve(reason) }, { highWaterMark: 0 })
  return { stream, begun: begun.promise, cancelled: cancelled.promise, finish: () => finished.resolve(undefined) }
}

/** Stores a text. */
export function put({ store }: RuleContext, key: string, text: string, options?: PutOptions): Promise<ObjectInfo> {
  return store.put(key, toBytes(text), options)
}

/** All bytes of a body. */
export async function bytesOf(body: ObjectBody | undefined): Promise<Uint8Array> {
  assert.ok(body !== undefined, 'There is no such object.')
  const chunks: Uint8Array[] = []
  for await (const chunk of body.stream) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** Asserts what an object holds. */
export async function holds({ store }: RuleContext, key: string, expected: string | Uint8Array): Promise<void> {
  const bytes = await bytesOf(await store.get(key))
  const wanted = typeof expected === 'string' ? toBytes(expected) : expected
  assert.ok(Buffer.compare(bytes, wanted) === 0, `"${key}" has ${bytes.length} bytes "${new TextDecoder().decode(bytes.subarray(0, 40))}", which are not the ${wanted.length} expected.`)
}

/** Asserts that there is no such object. */
export async function isAbsent({ store }: RuleContext, key: string): Promise<void> {
  assert.equal(await store.head(key), undefined, `"${key}" exists, but should not.`)
}

/** Asserts that the call fails with a NexusError of one of these codes. */
export async function fails(codes: string | readonly string[], call: Promise<unknown>): Promise<unknown> {
  const error = await failure(call)
  const code = typeof error === 'object' && error !== null && Symbol.for('nexus.error') in error && 'code' in error ? error.code : undefined
  assert.ok(typeof code === 'string' && [codes].flat().includes(code), `Expected a NexusError ${String(codes)}, but it failed with ${String(error)}.`)
  return error
}

/** Whatever the call rejects with. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  const outcome = await call.then(() => undefined, (error: unknown) => ({ error }))
  return outcome === undefined ? assert.fail('Expected a failure, but the call succeeded.') : outcome.error
}

/** How many calls succeeded; the others must have been refused as writers that were not first. */
export async function countWinners(calls: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(calls)
  for (const outcome of outcomes) if (outcome.status === 'rejected') await fails(['precondition_failed', 'busy'], Promise.reject(outcome.reason as Error))
  return outcomes.filter(({ status }) => status === 'fulfilled').length
}

/** Asserts that a call told what is known of the object now. */
export async function tellsHead({ store }: RuleContext, told: ObjectInfo | undefined): Promise<void> {
  assert.ok(told !== undefined, 'The call told of no object.')
  const head = await store.head(told.key)
  for (const field of ['key', 'sizeBytes', 'etag', 'contentType', 'metadata', 'version'] as const) assert.deepEqual(told[field], head?.[field], `${field} differs`)
  assert.ok(!Number.isNaN(told.modifiedAt.getTime()), 'modifiedAt is no date.')
}
