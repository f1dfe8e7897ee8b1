import type { CallOptions } from '@nexus/core/contract'

const chunkBytes = 65_536

/** All chunks of a stream as bytes of our own. An abort cancels it and rejects with `signal.reason`. @throws What the stream fails with */
export async function collectStream(stream: ReadableStream<Uint8Array>, { signal }: CallOptions): Promise<Uint8Array> {
  const reader = stream.getReader()
  // Cancelling settles a read that waits for a source which never answers; what the source says to that is not of interest.
  const onAbort = (): void => void reader.cancel(signal?.reason).catch(() => undefined)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal?.aborted === true) onAbort()
    return await readAll(reader, signal)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    reader.releaseLock()
  }
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const { done, value } = await reader.read()
    signal?.throwIfAborted()
    if (done) break
    chunks.push(value.slice())
  }
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

/** Copies of the bytes, chunk by chunk; errors with `signal.reason` when it is aborted. */
export function streamBytes(bytes: Uint8Array, { signal }: CallOptions): ReadableStream<Uint8Array> {
  let offset = 0
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    signal?.throwIfAborted()
    if (offset < bytes.length) controller.enqueue(bytes.slice(offset, offset + chunkBytes))
    else controller.close()
    offset += chunkBytes
  }
  return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
}
