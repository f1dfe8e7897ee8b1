import type { FileContent, FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'

/** A body that comes in pieces. */
export interface PieceContent {
  readonly stat: FileStat
  readonly backend: string
  /** Of the whole body. */
  readonly sizeBytes: number
  readonly signal: AbortSignal | undefined
  /** The pieces in order; the reader may keep them. */
  readonly pieces: () => AsyncGenerator<Uint8Array, void>
  /** Frees what a body holds that is not read. */
  readonly drop: () => Promise<void>
}

/** One body, once. */
export function pieceContent({ stat, backend, sizeBytes, signal, pieces, drop }: PieceContent): FileContent {
  let isTaken = false
  const take = (): AsyncGenerator<Uint8Array, void> => {
    signal?.throwIfAborted()
    if (isTaken) throw new NexusError('invalid_argument', { op: 'read', path: stat.path, backend, reason: 'This body was read or disposed already; read the file again.' })
    isTaken = true
    return pieces()
  }
  const bytes = async (): Promise<Uint8Array> => {
    const whole = new Uint8Array(sizeBytes)
    let offset = 0
    for await (const piece of take()) {
      whole.set(piece, offset)
      offset += piece.length
      signal?.throwIfAborted()
    }
    // A body of unknown length ends where it ends.
    return offset === sizeBytes ? whole : whole.slice(0, offset)
  }
  return {
    stat,
    bytes,
    text: async () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(await bytes()),
    stream: () => toStream(take(), { signal, drop }),
    [Symbol.asyncDispose]: async () => {
      if (!isTaken) await drop()
      isTaken = true
    },
  }
}

function toStream(pieces: AsyncGenerator<Uint8Array, void>, { signal, drop }: Pick<PieceContent, 'signal' | 'drop'>): ReadableStream<Uint8Array> {
  let fail: ((reason: unknown) => void) | undefined
  const onAbort = (): void => fail?.(signal?.reason)
  const end = (): void => signal?.removeEventListener('abort', onAbort)
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        fail = (reason) => controller.error(reason)
        signal?.addEventListener('abort', onAbort, { once: true })
      },
      pull: async (controller) => {
        try {
          const step = await pieces.next()
          if (signal?.aborted === true) return
          if (step.done !== true) {
            controller.enqueue(step.value)
            return
          }
          end()
          controller.close()
        } catch (error) {
          end()
          if (signal?.aborted !== true) controller.error(error)
        }
      },
      cancel: async () => {
        end()
        await pieces.return(undefined)
        await drop()
      },
    },
    // Nothing is read ahead.
    { highWaterMark: 0 },
  )
}
