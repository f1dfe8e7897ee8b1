import { NexusError, outcomeOf } from '@nexus/core/contract'
import type { GetOptions, ObjectBody, ObjectStore } from './object-store.ts'

/** So often a body that broke off is gone on with ... */
const resumptions = 2
/** ... and again so often after so many bytes of it. */
const renewingBytes = 64 * 1024 ** 2

/**
 * An object store whose bodies go on where they broke off, as long as the object is the same. Requests are repeated by the store itself: what only who
 * reads a body knows is how much of it has come.
 */
export function resilient(store: ObjectStore): ObjectStore {
  return {
    ...store,
    get keepsVersions() {
      return store.keepsVersions
    },
    get conditions() {
      return store.conditions
    },
    get: (key, options) => getResuming(store, key, options),
  }
}

async function getResuming(store: ObjectStore, key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
  const body = await store.get(key, options)
  if (body === undefined) return undefined
  const { offset = 0, length = Infinity } = options.range ?? {}
  const end = Math.min(body.info.sizeBytes, offset + length)
  const resume = async (done: number): Promise<ObjectBody> => {
    const rest = await store.get(key, { ...options, range: { offset: offset + done, length: end - offset - done }, ifMatch: body.info.etag })
    if (rest === undefined) throw new NexusError('busy', { op: 'get', path: key, backend: store.scheme, reason: 'The object was deleted while it was read.' })
    return rest
  }
  // What breaks off at its very end has nothing left to go on with.
  const mayResume = (error: unknown, done: number): boolean => offset + done < end && outcomeOf(error) === 'unknown' && options.signal?.aborted !== true
  return { info: body.info, stream: resumingStream(body.stream, { resume: async (done) => (await resume(done)).stream, mayResume }) }
}

interface Resuming {
  readonly resume: (doneBytes: number) => Promise<ReadableStream<Uint8Array>>
  readonly mayResume: (error: unknown, doneBytes: number) => boolean
}

/** Nothing is read ahead: whoever only looks at what is known of the object asks for no byte of it. */
function resumingStream(first: ReadableStream<Uint8Array>, { resume, mayResume }: Resuming): ReadableStream<Uint8Array> {
  let reader = first.getReader()
  let done = 0
  let left = resumptions
  let renewsAt = renewingBytes
  let cancelled: { readonly reason: unknown } | undefined
  const goOn = async (error: unknown): Promise<void> => {
    if (left === 0 || !mayResume(error, done)) throw error
    left--
    reader = (await resume(done)).getReader()
    if (cancelled !== undefined) await reader.cancel(cancelled.reason)
  }
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const step = await reader.read().catch(goOn)
    if (step === undefined) {
      if (cancelled === undefined) await pull(controller)
      return
    }
    if (step.done) {
      controller.close()
      return
    }
    done += step.value.length
    if (done >= renewsAt) [left, renewsAt] = [resumptions, done + renewingBytes]
    controller.enqueue(step.value)
  }
  const cancel = async (reason: unknown): Promise<void> => {
    cancelled = { reason }
    await reader.cancel(reason)
  }
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 })
}
