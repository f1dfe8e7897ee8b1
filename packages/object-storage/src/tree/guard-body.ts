import { isNexusError, NexusError, type Path } from '@nexus/core/contract'

/** What is asked of a body's length, in bytes. */
export interface LengthLimits {
  readonly maxSizeBytes: number
  /** What the caller promised. */
  readonly sizeBytes?: number | undefined
  readonly least: 0 | 1
}

/** How short a file of this path may be, in bytes: an empty object of its key may be the marker of a directory. */
export function leastBytesAt(path: Path): 0 | 1 {
  return path.endsWith('/%_') ? 1 : 0
}

/** Why a file is not shorter than {@link leastBytesAt}. */
export const markerReason = 'An empty object of this key is the marker of a directory; use mkdir.'

/** @throws NexusError `invalid_argument` for a length that was not promised or is not kept */
export function checkLength(actual: number, { maxSizeBytes, sizeBytes, least }: LengthLimits): void {
  if (actual > maxSizeBytes) refuse(`The body is longer than the ${maxSizeBytes} bytes that the service keeps in one object.`)
  if (sizeBytes !== undefined && actual !== sizeBytes) refuse(`The body has ${actual} bytes, but sizeBytes promised ${sizeBytes}; nothing was stored.`)
  if (actual < least) refuse(markerReason)
}

/** The same bytes, as long as they were promised to be; what goes wrong becomes the stream's error, so that the upload ends badly and leaves nothing. */
export function guardBody(body: ReadableStream<Uint8Array>, limits: LengthLimits): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const most = Math.min(limits.maxSizeBytes, limits.sizeBytes ?? Infinity)
  let length = 0
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const value = await next(reader)
    if (value === undefined) {
      checkLength(length, limits)
      controller.close()
      return
    }
    length += value.length
    if (length > most) await giveUp(reader, length, limits)
    controller.enqueue(value)
  }
  return new ReadableStream<Uint8Array>({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 })
}

/** Too long already: the source is told to stop before the refusal goes out. */
async function giveUp(reader: ReadableStreamDefaultReader<Uint8Array>, length: number, limits: LengthLimits): Promise<void> {
  await reader.cancel()
  checkLength(length, limits)
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value
  } catch (error) {
    if (isNexusError(error)) throw error
    throw new NexusError('unexpected', { reason: `The body broke off: ${String(error)}. Nothing was stored.`, cause: error })
  }
}

function refuse(reason: string): never {
  throw new NexusError('invalid_argument', { reason })
}
