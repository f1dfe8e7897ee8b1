import { closeSync, read as readCallback } from 'node:fs'
import { promisify } from 'node:util'
import { type FileContent, type FileStat, NexusError } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { truncated } from './read.ts'

const readAsync = promisify(readCallback)

/** Chunks of 64 KiB cost three to seven times as much. */
const chunkBytes = 1_048_576

/** Where the bytes of one reading come from: memory, or an open file that the body closes. */
export type ByteSource = { readonly bytes: Uint8Array } | { readonly descriptor: number; readonly start: number; readonly end: number }

interface BodyOptions {
  readonly stat: FileStat
  readonly source: ByteSource
  readonly signal: AbortSignal | undefined
}

/** Bodies and streams that were dropped without being read or disposed of: their files are closed with them. */
const abandoned = new FinalizationRegistry<() => void>((close) => close())

/** One body, once. Its reads count as calls of the mount, which closes what is still open when it closes itself. */
export function openBody(context: PathContext, { stat, source, signal }: BodyOptions): FileContent {
  const reader = openReader(context, { stat, source, signal })
  let isTaken = false
  const take = (): Reader => {
    signal?.throwIfAborted()
    if (isTaken) throw new NexusError('invalid_argument', { op: 'read', path: stat.path, backend: 'local', reason: 'This body was read or disposed already; read the file again.' })
    isTaken = true
    // From here on the call, or the stream, keeps the file.
    abandoned.unregister(reader)
    return reader
  }
  const content: FileContent = {
    stat,
    bytes: async () => await take().all(),
    text: async () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(await take().all()),
    stream: () => watched(toStream(take()), reader),
    [Symbol.asyncDispose]: () => {
      isTaken = true
      reader.close()
      return Promise.resolve()
    },
  }
  return watched(content, reader)
}

function watched<T extends object>(holder: T, reader: Reader): T {
  abandoned.register(holder, reader.close, reader)
  return holder
}

interface Reader {
  /** Everything that is left, then closes. */
  readonly all: () => Promise<Uint8Array>
  /** At most a mebibyte; `undefined` at the end, closed by then. */
  readonly next: () => Promise<Uint8Array | undefined>
  readonly close: () => void
}

function openReader(context: PathContext, { stat, source, signal }: BodyOptions): Reader {
  if ('bytes' in source) return memoryReader(source.bytes, signal)
  const { descriptor, end } = source
  const call = { op: 'read', path: stat.path, signal }
  let position = source.start
  let inFlight: Promise<void> = Promise.resolve()
  const file = context.openFiles.add(() => void inFlight.then(() => closeSync(descriptor)))

  const fill = async (bytes: Uint8Array): Promise<Uint8Array> => {
    if (file.isClosed()) throw new NexusError('unavailable', { reason: 'The mount was closed.' })
    const { promise, resolve } = Promise.withResolvers<undefined>()
    inFlight = promise.then(() => undefined)
    try {
      for (let done = 0; done < bytes.length; ) {
        signal?.throwIfAborted()
        const { bytesRead } = await readAsync(descriptor, bytes, done, Math.min(bytes.length - done, 8 * chunkBytes), position)
        if (bytesRead === 0) throw truncated()
        done += bytesRead
        position += bytesRead
      }
      return bytes
    } finally {
      resolve(undefined)
    }
  }
  const next = async (): Promise<Uint8Array | undefined> => {
    if (position >= end) {
      file.close()
      return undefined
    }
    return await orClose(context.activity.run(call, () => fill(new Uint8Array(Math.min(chunkBytes, end - position)))), file.close)
  }
  const all = async (): Promise<Uint8Array> => {
    const bytes = await orClose(context.activity.run(call, () => fill(new Uint8Array(end - position))), file.close)
    file.close()
    return bytes
  }
  return { all, next, close: file.close }
}

function memoryReader(bytes: Uint8Array, signal: AbortSignal | undefined): Reader {
  let rest: Uint8Array | undefined = bytes.length === 0 ? undefined : bytes
  const next = (): Promise<Uint8Array | undefined> => {
    signal?.throwIfAborted()
    const chunk = rest
    rest = undefined
    return Promise.resolve(chunk)
  }
  return { all: () => Promise.resolve(bytes), next, close: () => undefined }
}

function toStream({ next, close }: Reader): ReadableStream<Uint8Array> {
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const chunk = await next()
    if (chunk === undefined) controller.close()
    else controller.enqueue(chunk)
  }
  return new ReadableStream<Uint8Array>({ pull, cancel: close }, { highWaterMark: 0 })
}

async function orClose<T>(promise: Promise<T>, close: () => void): Promise<T> {
  try {
    return await promise
  } catch (error) {
    close()
    throw error
  }
}
