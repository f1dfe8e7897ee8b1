import { write, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { type Body, isNexusError, NexusError } from '@nexus/core/contract'

const writeAsync = promisify(write)

/** Up to here a write costs less on the loop than a hop to the thread pool. */
const maxSyncBytes = 65_536
/** A larger body is written in pieces of this size, so that an abort is heard between them. */
const pieceBytes = 8_388_608

/**
 * Writes a whole body to an open file, from its current end on.
 * @returns Its length in bytes.
 * @throws NexusError `invalid_argument` when it is not as long as `sizeBytes` promised; what the body's stream fails with
 */
export async function fillFile(descriptor: number, body: Body, { sizeBytes, signal }: { readonly sizeBytes?: number | undefined; readonly signal?: AbortSignal | undefined } = {}): Promise<number> {
  if (body instanceof Uint8Array) {
    requireLength(body.length, sizeBytes)
    await writePieces(descriptor, body, signal)
    return body.length
  }
  const written = await fillFromStream(descriptor, body, { sizeBytes, signal })
  requireLength(written, sizeBytes)
  return written
}

async function fillFromStream(descriptor: number, body: ReadableStream<Uint8Array>, { sizeBytes, signal }: { readonly sizeBytes: number | undefined; readonly signal: AbortSignal | undefined }): Promise<number> {
  const reader = body.getReader()
  // Canceling settles a read that waits for a source which never answers.
  const onAbort = (): void => void reader.cancel(signal?.reason).catch(ignoreSource)
  signal?.addEventListener('abort', onAbort, { once: true })
  let written = 0
  try {
    for (;;) {
      const { value } = await nextChunk(reader)
      signal?.throwIfAborted()
      if (value === undefined) return written
      written += value.length
      if (sizeBytes !== undefined && written > sizeBytes) requireLength(written, sizeBytes)
      await writePieces(descriptor, value, signal)
    }
  } catch (error) {
    void reader.cancel(error).catch(ignoreSource)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    reader.releaseLock()
  }
}

async function nextChunk(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<{ readonly value?: Uint8Array | undefined }> {
  try {
    return await reader.read()
  } catch (error) {
    if (isNexusError(error)) throw error
    throw new NexusError('unexpected', { reason: `The body broke off: ${error instanceof Error ? error.message : String(error)}. Nothing was stored.`, cause: error })
  }
}

async function writePieces(descriptor: number, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const length = Math.min(pieceBytes, bytes.length - offset)
    if (length <= maxSyncBytes) offset += writeSync(descriptor, bytes, offset, length)
    else offset += (await writeAsync(descriptor, bytes, offset, length, null)).bytesWritten
    signal?.throwIfAborted()
  }
}

function requireLength(actual: number, promised: number | undefined): void {
  if (promised === undefined || promised === actual) return
  const what = actual > promised ? `more than the ${promised} bytes` : `${actual} bytes instead of the ${promised}`
  throw new NexusError('invalid_argument', { reason: `The body has ${what} that sizeBytes promised; nothing was stored.` })
}

function ignoreSource(): void {
  // The source may fail while it is told to stop; the failure that stopped it is what the caller gets.
}
