import type { Body } from '../contract/backend.ts'
import { NexusError, isNexusError } from '../contract/errors.ts'

/** What people may give as a file's body. A string is stored as UTF-8. A stream or iterable is read once and never retried. */
export type FileBody = string | Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/** Where a body goes, for the messages, and how long it must be. */
export interface BodyTarget {
  readonly op: 'write' | 'append'
  readonly path: string
  readonly sizeBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Blobs up to here are read at once: a stream costs more than their bytes. */
const smallBlobBytes = 65_536
const encoder = new TextEncoder()

/**
 * Turns what people give into what a Backend takes: bytes as they are, everything else into a checked stream.
 * @returns The body itself where nothing has to be waited for, so that a small write takes no detour.
 * @throws NexusError `invalid_argument` for another type, for a chunk that is not a `Uint8Array` (from the stream), and where `sizeBytes` is not kept.
 */
export function normaliseBody(body: FileBody, target: BodyTarget): Body | Promise<Body> {
  const { sizeBytes } = target
  if (sizeBytes !== undefined && (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0)) {
    throw refusal(target, `sizeBytes is a number of bytes, 0 or more; it is ${sizeBytes}.`)
  }
  if (typeof body === 'string') return sized(encoder.encode(body), target)
  if (body instanceof Uint8Array) return sized(body, target)
  if (body instanceof Blob) return fromBlob(body, target)
  if (isAsyncIterable(body)) return checkedStream(body, target)
  throw refusal(target, `A body is a string, Uint8Array, Blob, ReadableStream or AsyncIterable of Uint8Array; it is ${describe(body)}.`)
}

/**
 * Bytes whose length is the one that was promised, if one was.
 * @throws NexusError `invalid_argument`
 */
export function sized(bytes: Uint8Array, target: BodyTarget): Uint8Array {
  if (target.sizeBytes !== undefined && target.sizeBytes !== bytes.byteLength) throw wrongSize(target, bytes.byteLength)
  return bytes
}

function fromBlob(blob: Blob, target: BodyTarget): Body | Promise<Body> {
  if (target.sizeBytes !== undefined && target.sizeBytes !== blob.size) throw wrongSize(target, blob.size)
  return blob.size <= smallBlobBytes ? blob.bytes() : checkedStream(blob.stream(), target)
}

/** Nothing is read before the backend asks; cancelling the stream ends the source. */
function checkedStream(source: AsyncIterable<unknown>, target: BodyTarget): ReadableStream<Uint8Array> {
  if (source instanceof ReadableStream && source.locked) throw refusal(target, 'The stream is being read by somebody else (it is locked).')
  const iterator = source[Symbol.asyncIterator]()
  let sizeBytes = 0
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const step = await nextChunk(iterator, target)
    if (step === undefined) {
      if (target.sizeBytes !== undefined && sizeBytes !== target.sizeBytes) throw wrongSize(target, sizeBytes)
      controller.close()
      return
    }
    sizeBytes += step.byteLength
    if (target.sizeBytes !== undefined && sizeBytes > target.sizeBytes) {
      await iterator.return?.()
      throw wrongSize(target, sizeBytes)
    }
    controller.enqueue(step)
  }
  const cancel = async (): Promise<void> => {
    await iterator.return?.()
  }
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
}

/** The next chunk that holds something; `undefined` at the end. */
async function nextChunk(iterator: AsyncIterator<unknown>, target: BodyTarget): Promise<Uint8Array | undefined> {
  for (;;) {
    const step = await iterator.next().catch((error: unknown) => {
      throw brokenSource(error, target)
    })
    if (step.done === true) return undefined
    if (!(step.value instanceof Uint8Array)) {
      await iterator.return?.()
      throw refusal(target, `A chunk of a body is a Uint8Array; it is ${describe(step.value)}.`)
    }
    if (step.value.byteLength > 0) return step.value
  }
}

/** An abort stays what it is, and so does an error of ours: the source may be a file that is being read. */
function brokenSource(error: unknown, target: BodyTarget): unknown {
  if (isNexusError(error) || (target.signal?.aborted === true && error === target.signal.reason)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new NexusError('unexpected', { op: target.op, path: target.path, reason: `The body broke while it was read: ${message}.`, cause: error })
}

function wrongSize(target: BodyTarget, actualBytes: number): NexusError {
  return refusal(target, `The body has ${actualBytes > (target.sizeBytes ?? 0) ? 'at least ' : ''}${actualBytes} bytes; sizeBytes promised ${target.sizeBytes ?? 0}.`)
}

function refusal({ op, path }: BodyTarget, reason: string): NexusError {
  return new NexusError('invalid_argument', { op, path, reason })
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? `a ${value.constructor.name}` : typeof value
}
