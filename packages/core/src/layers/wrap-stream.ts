type Chunk = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>
type Source = NonNullable<ConstructorParameters<typeof ReadableStream<Uint8Array>>[0]>

/** What a wrapper wants to know of a stream. */
export interface StreamHooks {
  /** The error that the reader sees instead of `error`. */
  readonly onError: (error: unknown) => unknown
  /** Called once, when the stream has ended, broken or was cancelled. */
  readonly onEnd: () => void
  /** Gets the means to break the stream from outside while its reader rests. */
  readonly onStart?: ((end: (reason: unknown) => Promise<void>) => void) | undefined
  /** Reads one chunk; a layer may bound or break it. Default: as it is. */
  readonly onRead?: ((read: () => Promise<Chunk>) => Promise<Chunk>) | undefined
}

/** A stream whose chunks pass untouched and unbuffered, while its errors and its end are told to `hooks`. */
export function wrapStream(stream: ReadableStream<Uint8Array>, hooks: StreamHooks): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  const read = (): Promise<Chunk> => reader.read()
  const next = hooks.onRead === undefined ? read : hooks.onRead.bind(undefined, read)
  const source: Source = {
    start: (controller) =>
      hooks.onStart?.(async (reason) => {
        controller.error(reason)
        await reader.cancel(reason)
      }),
    async pull(controller) {
      try {
        const { done, value } = await next()
        if (!done) {
          controller.enqueue(value)
          return
        }
        hooks.onEnd()
        controller.close()
      } catch (error) {
        hooks.onEnd()
        throw hooks.onError(error)
      }
    },
    async cancel(reason) {
      try {
        await reader.cancel(reason)
      } finally {
        hooks.onEnd()
      }
    },
  }
  // Nothing is read ahead: the inner stream alone decides how much it buffers.
  return new ReadableStream(source, { highWaterMark: 0 })
}
