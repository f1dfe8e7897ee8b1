import { type Body, isNexusError } from '@nexus/core/contract'
import { memoryError, type Place } from './state.ts'

/** Limits and promises about a body. */
export interface CollectOptions {
  readonly maxSizeBytes: number
  /** What the caller promised; another length is refused. */
  readonly sizeBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The whole body as bytes of our own: the caller may reuse its buffers.
 * @throws NexusError `invalid_argument` for a wrong or too great length; an error of the stream, as `cause` unless it is a NexusError
 */
export async function collectBody(body: Body, place: Place, options: CollectOptions): Promise<Uint8Array> {
  if ((options.sizeBytes ?? 0) > options.maxSizeBytes) throw tooLong(place, options)
  if (body instanceof Uint8Array) {
    checkLength(body.length, place, options)
    return body.slice()
  }
  const bytes = concatenate(await collectStream(body, place, options))
  checkLength(bytes.length, place, options)
  return bytes
}

async function collectStream(stream: ReadableStream<Uint8Array>, place: Place, options: CollectOptions): Promise<Uint8Array[]> {
  if (stream.locked) throw memoryError('invalid_argument', place, 'The body is a stream that somebody else reads already.')
  const reader = stream.getReader()
  const { signal } = options
  // The caller hears the abort's reason; that the source also complains about being cancelled adds nothing to it.
  const cancel = (reason: unknown): unknown => reader.cancel(reason).then(undefined, () => undefined)
  const onAbort = (): unknown => cancel(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await readChunks(reader, options, () => tooLong(place, options))
  } catch (error) {
    signal?.throwIfAborted()
    void cancel(error)
    throw isNexusError(error) ? error : memoryError('unexpected', place, 'The body failed before its end; nothing was stored.', error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  options: CollectOptions,
  tooMuch: () => Error,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    options.signal?.throwIfAborted()
    if (done) return chunks
    sizeBytes += value.length
    if (sizeBytes > Math.min(options.maxSizeBytes, options.sizeBytes ?? Infinity)) throw tooMuch()
    chunks.push(value.slice())
  }
}

function checkLength(actual: number, place: Place, options: CollectOptions): void {
  if (actual > options.maxSizeBytes) throw tooLong(place, options)
  if (options.sizeBytes !== undefined && actual !== options.sizeBytes) {
    throw memoryError('invalid_argument', place, `The body has ${actual} bytes, but sizeBytes promised ${options.sizeBytes}.`)
  }
}

function tooLong(place: Place, { maxSizeBytes, sizeBytes }: CollectOptions): Error {
  const promised = sizeBytes !== undefined && sizeBytes <= maxSizeBytes
  const reason = promised
    ? `The body is longer than the ${sizeBytes} bytes that sizeBytes promised.`
    : `The body is longer than the ${maxSizeBytes} bytes that this backend keeps in one file (maxSizeBytes).`
  return memoryError('invalid_argument', place, reason)
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  if (chunks.length === 1 && first !== undefined) return first
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}
