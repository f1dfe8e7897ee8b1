/** The chunks of a body; an abort cancels it, so that waiting for the next chunk ends at once. */
export async function* readBody(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  // What a stream answers to being cancelled changes nothing here.
  const cancel = (reason: unknown): Promise<void> => reader.cancel(reason).catch(() => undefined)
  const onAbort = (): void => void cancel(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  let isDone = false
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { done, value } = await reader.read()
      signal?.throwIfAborted()
      if (done) {
        isDone = true
        return
      }
      yield value
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    if (!isDone) await cancel(signal?.reason)
    reader.releaseLock()
  }
}

/** A whole body in memory: for appending, which keeps file and addition together until its turn comes. */
export async function readWhole(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readBody(body, signal)) chunks.push(chunk.slice())
  return Buffer.concat(chunks)
}
