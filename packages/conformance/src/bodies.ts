const encoder = new TextEncoder()

/** The UTF-8 bytes of a text. */
export function toBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Bytes without a short period, the same for the same seed. */
export function patternBytes(sizeBytes: number, seed = 1): Uint8Array {
  let state = seed >>> 0
  return Uint8Array.from({ length: sizeBytes }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

/** A stream of these chunks. */
export function streamOf(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

/** A stream that gives one chunk and then fails. */
export function failingStream(chunk: Uint8Array, error: Error): ReadableStream<Uint8Array> {
  let isFirst = true
  return new ReadableStream(
    {
      pull(controller) {
        if (isFirst) controller.enqueue(chunk)
        else controller.error(error)
        isFirst = false
      },
    },
    { highWaterMark: 0 },
  )
}

/** A body that has begun and does not go on until it is told to. */
export interface HeldStream {
  readonly stream: ReadableStream<Uint8Array>
  /** Resolves when the first chunk was taken and more is asked for. */
  readonly begun: Promise<void>
  /** Resolves with the reason when the reader cancels. */
  readonly cancelled: Promise<unknown>
  /** Ends the body. */
  readonly finish: () => void
}

/** Gives `chunk`, then waits for `finish`. */
export function heldStream(chunk: Uint8Array): HeldStream {
  const begun = Promise.withResolvers<undefined>()
  const cancelled = Promise.withResolvers<unknown>()
  const finished = Promise.withResolvers<undefined>()
  let isFirst = true
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (isFirst) {
          isFirst = false
          controller.enqueue(chunk)
          return undefined
        }
        begun.resolve(undefined)
        return finished.promise.then(() => controller.close())
      },
      cancel: (reason) => cancelled.resolve(reason),
    },
    { highWaterMark: 0 },
  )
  return { stream, begun: begun.promise, cancelled: cancelled.promise, finish: () => finished.resolve(undefined) }
}

/** All bytes of a stream. */
export async function drain(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
}

/** What a reader still gives, behind the chunk that it gave already. */
export async function remaining(reader: ReadableStreamDefaultReader<Uint8Array>, first: Uint8Array | undefined): Promise<Uint8Array> {
  const chunks = first === undefined ? [] : [first]
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(Buffer.concat(chunks))
    chunks.push(value)
  }
}
