import { type ByteRange, type FileContent, type FileStat, type ReadOptions } from '@nexus/core/contract'
import { checkConditions } from './conditions.ts'
import { memoryError, type MemoryState, type Place, toFileStat } from './state.ts'
import { resolveNode } from './stat.ts'

const chunkBytes = 65_536

/** Opens one body. @throws NexusError `not_found`, `is_directory`, `precondition_failed`, `invalid_argument` (range) */
export function read(state: MemoryState, place: Place, options: ReadOptions): FileContent {
  checkRange(options.range, place)
  const node = resolveNode(state, place, options)
  if (node.kind === 'directory') throw memoryError('is_directory', place)
  checkConditions(node, { ifMatch: options.ifMatch }, place)
  const bytes = cut(node.state.bytes, options.range)
  return openContent({ stat: toFileStat(place.path, node), bytes, place, signal: options.signal })
}

/** Refuses what is no range, before anything is looked up. @throws NexusError `invalid_argument` */
function checkRange(range: ByteRange | undefined, place: Place): void {
  if (range === undefined) return
  const numbers = 'suffix' in range ? [range.suffix] : [range.offset, range.length ?? 0]
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) {
    throw memoryError('invalid_argument', place, 'A range counts bytes: offset, length and suffix are whole numbers from 0 on.')
  }
}

function cut(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (range === undefined) return bytes
  if ('suffix' in range) return bytes.subarray(Math.max(0, bytes.length - range.suffix))
  return bytes.subarray(range.offset, range.length === undefined ? undefined : range.offset + range.length)
}

interface OpenedBody {
  readonly stat: FileStat
  /** The backend's own; only copies of it leave. */
  readonly bytes: Uint8Array
  readonly place: Place
  readonly signal: AbortSignal | undefined
}

function openContent({ stat, bytes, place, signal }: OpenedBody): FileContent {
  let isTaken = false
  const take = (): Uint8Array => {
    signal?.throwIfAborted()
    if (isTaken) throw memoryError('invalid_argument', place, 'This body was read or disposed already; read the file again.')
    isTaken = true
    return bytes
  }
  // An async function, so that a refusal rejects rather than throws.
  const takeCopy = async (): Promise<Uint8Array> => Promise.resolve(take().slice())
  return {
    stat,
    bytes: takeCopy,
    text: async () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(await takeCopy()),
    stream: () => streamBytes(take(), signal),
    [Symbol.asyncDispose]: () => {
      isTaken = true
      return Promise.resolve()
    },
  }
}

function streamBytes(bytes: Uint8Array, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  let offset = 0
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    // Thrown from here, the reason becomes the stream's error.
    signal?.throwIfAborted()
    if (offset < bytes.length) controller.enqueue(bytes.slice(offset, offset + chunkBytes))
    else controller.close()
    offset += chunkBytes
  }
  return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
}
