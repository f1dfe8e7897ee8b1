import { isNexusError, type Pace, relocateError } from '@nexus/core/contract'
import { type Crc32c, spellCrc32c } from './crc32c.ts'
import type { Place } from './context.ts'
import { failure, toTransportError } from './errors.ts'

/** What a body has to be. */
export interface Expected {
  readonly place: Place
  readonly sizeBytes: number
  /** Base64; `undefined` for a part, of which the service tells no checksum. */
  readonly crc32c: string | undefined
  readonly checksum: Crc32c
  readonly pace: Pace
  readonly signal?: AbortSignal | undefined
}

interface Progress {
  sizeBytes: number
  crc: number
}

/** The body as it comes, counted and checked: it ends only when it was whole and undamaged. */
export function checkedBody(body: ReadableStream<Uint8Array> | null, expected: Expected): ReadableStream<Uint8Array> {
  const reader = (body ?? emptyBody()).getReader()
  const progress: Progress = { sizeBytes: 0, crc: 0 }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await readNext(reader, expected)
        if (done) {
          checkEnd(progress, expected)
          controller.close()
          return
        }
        try {
          advance(progress, value, expected)
        } catch (error) {
          await reader.cancel(error)
          throw error
        }
        controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** A body without bytes. */
export function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.close()
    },
  })
}

async function readNext(reader: ReadableStreamDefaultReader<Uint8Array>, { place, pace, signal }: Expected): Promise<{ done: true; value?: undefined } | { done: false; value: Uint8Array }> {
  try {
    const { done, value } = await pace(() => reader.read())
    return done ? { done } : { done, value }
  } catch (error) {
    if (isNexusError(error)) {
      // What stalled is not waited for.
      void reader.cancel(error).catch(() => undefined)
      throw relocateError(error, { op: place.op, path: place.key, backend: 'gcs' })
    }
    throw toTransportError(error, place, { effect: 'none', signal })
  }
}

function advance(progress: Progress, chunk: Uint8Array, { place, sizeBytes, crc32c, checksum }: Expected): void {
  progress.sizeBytes += chunk.length
  if (progress.sizeBytes > sizeBytes) throw failure('corrupt', place, `The service sent more than the ${sizeBytes} bytes that it announced. Read it again.`)
  if (crc32c !== undefined) progress.crc = checksum.append(progress.crc, chunk)
}

function checkEnd({ sizeBytes, crc }: Progress, expected: Expected): void {
  if (sizeBytes < expected.sizeBytes) throw failure('unavailable', expected.place, `The service sent ${sizeBytes} of ${expected.sizeBytes} bytes. Read it again.`)
  if (expected.crc32c !== undefined && spellCrc32c(crc) !== expected.crc32c) throw failure('corrupt', expected.place, 'The bytes do not have the checksum that the service keeps of them. Read it again.')
}
