import { type FileContent, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectBody } from '../object-store.ts'
import { readBody } from '../read-body.ts'
import { type Call, told } from './activity.ts'
import type { TreeContext } from './context.ts'
import { toFileStat } from './stat.ts'

interface OpenedBody {
  readonly path: Path
  readonly body: ObjectBody
  readonly signal: AbortSignal | undefined
}

/** One body, once. Disposal cancels what was not read, and so frees the connection. */
export function openContent({ activity, store }: TreeContext, { path, body, signal }: OpenedBody): FileContent {
  const call: Call = { op: 'read', path, signal }
  let isTaken = false
  const drop = async (reason?: unknown): Promise<void> => {
    if (!isTaken) await body.stream.cancel(reason)
    isTaken = true
  }
  const take = async (): Promise<ObjectBody> => {
    if (signal?.aborted === true) await drop(signal.reason)
    return takeNow()
  }
  const takeNow = (): ObjectBody => {
    signal?.throwIfAborted()
    if (isTaken) throw new NexusError('invalid_argument', { op: 'read', path, backend: store.scheme, reason: 'This body was read or disposed already; read the file again.' })
    isTaken = true
    return body
  }
  const bytes = async (): Promise<Uint8Array> => {
    const taken = await take()
    return activity.run(call, () => readBody(taken))
  }
  return {
    stat: toFileStat(path, body.info),
    bytes,
    text: async () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(await bytes()),
    stream: () => retold(takeNow().stream, (error) => told(call, error, store.scheme)),
    [Symbol.asyncDispose]: () => drop(),
  }
}

/** The same bytes; a failure names the path and not the key. */
function retold(stream: ReadableStream<Uint8Array>, tell: (error: unknown) => unknown): ReadableStream<Uint8Array> {
  const reader = stream.getReader()
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const { done, value } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    } catch (error) {
      controller.error(tell(error))
    }
  }
  return new ReadableStream<Uint8Array>({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 })
}
