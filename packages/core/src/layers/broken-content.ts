import type { FileContent } from '../contract/backend.ts'
import { assertNever, type ErrorCode, type NexusError } from '../contract/errors.ts'
import { type BodyFault, untilAborted } from './faults.ts'

/** How a body is to be broken. */
interface Breakage {
  readonly fault: BodyFault
  readonly signal: AbortSignal | undefined
  readonly error: (code: ErrorCode) => NexusError
}

/** A body that ends early, goes on too long, breaks or stalls. */
export function brokenContent(content: FileContent, breakage: Breakage): FileContent {
  const chunks = (): AsyncGenerator<Uint8Array> => brokenChunks(content.stream(), breakage)
  const collect = async (): Promise<Uint8Array> => new Uint8Array(await new Response(ReadableStream.from(chunks())).arrayBuffer())
  return {
    stat: content.stat,
    bytes: collect,
    text: async () => new TextDecoder().decode(await collect()),
    stream: () => ReadableStream.from(chunks()),
    [Symbol.asyncDispose]: () => content[Symbol.asyncDispose](),
  }
}

async function* brokenChunks(stream: ReadableStream<Uint8Array>, breakage: Breakage): AsyncGenerator<Uint8Array> {
  const { fault } = breakage
  let leftBytes = 'afterBytes' in fault ? fault.afterBytes : Infinity
  for await (const chunk of stream) {
    if (chunk.length < leftBytes) {
      leftBytes -= chunk.length
      yield chunk
      continue
    }
    yield chunk.subarray(0, leftBytes)
    await strike(breakage)
    return
  }
  if (fault.kind === 'long') yield new Uint8Array(fault.extraBytes)
  else await strike(breakage)
}

async function strike({ fault, signal, error }: Breakage): Promise<void> {
  switch (fault.kind) {
    case 'short':
    case 'long':
      return
    case 'break':
      throw error(fault.code)
    case 'stall':
      return untilAborted(signal)
    default:
      return assertNever(fault)
  }
}
