import { compareUtf8, isNexusError, NexusError, type Policy, type PolicyCall } from '@nexus/core/contract'
import type { GetOptions, ListPagesOptions, ObjectBody, ObjectPage, ObjectStore, PutOptions } from './object-store.ts'

/** So often a body that broke off is gone on with. */
const resumptions = 3

/**
 * An object store whose requests are sent by a policy: repeated, bounded, held back. What may be sent again: everything that asks; a put, unless it has a
 * condition, because after a lost answer that condition would refuse one's own object; never a stream, which is used up. A body that breaks off is
 * gone on with where it ended, as long as the object is the same.
 */
export function resilient(store: ObjectStore, policy: Policy): ObjectStore {
  const asking = (op: string, { kind = 'read', signal }: { readonly kind?: PolicyCall['kind'] | undefined; readonly signal?: AbortSignal | undefined } = {}): PolicyCall => ({ op, kind, repeat: 'always', signal })
  const putting = (op: string, { condition, signal }: PutOptions = {}): PolicyCall => ({ op, kind: 'write', repeat: condition === undefined ? 'always' : 'refused', signal })
  const copyFrom = store.copyFrom?.bind(store)
  return {
    ...store,
    get keepsVersions() {
      return store.keepsVersions
    },
    get conditions() {
      return store.conditions
    },
    head: (key, options) => policy.run(asking('head', options), (signal) => store.head(key, { ...options, signal })),
    get: (key, options) => getResuming({ store, policy }, key, options),
    put: (key, body, options) => policy.run(putting('put', options), (signal) => store.put(key, body, { ...options, signal })),
    putStream: (key, body, options) => store.putStream(key, body, options),
    copy: (from, to, options) => policy.run(putting('copy', options), (signal) => store.copy(from, to, { ...options, signal })),
    ...(copyFrom && { copyFrom: (source, to, options) => policy.run(putting('copy', options), (signal) => copyFrom(source, to, { ...options, signal })) }),
    list: (options) => listResuming({ store, policy }, options),
    delete: (keys, options) => policy.run(asking('delete', { kind: 'write', ...options }), (signal) => store.delete(keys, { ...options, signal })),
  }
}

interface Sending {
  readonly store: ObjectStore
  readonly policy: Policy
}

async function getResuming({ store, policy }: Sending, key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
  const call: PolicyCall = { op: 'get', kind: 'read', repeat: 'always', signal: options.signal }
  const send = (given: GetOptions): Promise<ObjectBody | undefined> => policy.run(call, (signal) => store.get(key, { ...given, signal }))
  const body = await send(options)
  if (body === undefined) return undefined
  const { offset = 0, length = Infinity } = options.range ?? {}
  const end = Math.min(body.info.sizeBytes, offset + length)
  const resume = async (done: number): Promise<ObjectBody> => {
    const rest = await send({ ...options, range: { offset: offset + done, length: end - offset - done }, ifMatch: body.info.etag })
    if (rest === undefined) throw new NexusError('busy', { op: 'get', path: key, backend: store.scheme, reason: 'The object was deleted while it was read.' })
    return rest
  }
  // What breaks off at its very end has nothing left to go on with.
  return { info: body.info, stream: ReadableStream.from(wholeBody(body, { resume, mayResume: (error, done) => offset + done < end && isPassing(error) })) }
}

/** Each page is a request of its own: one that fails is asked for again, behind the one before. */
async function* listResuming({ store, policy }: Sending, options: ListPagesOptions): AsyncGenerator<ObjectPage> {
  let startAfter = options.startAfter
  let pages: AsyncIterator<ObjectPage> | undefined
  const nextPage = async (): Promise<IteratorResult<ObjectPage, unknown>> => {
    pages ??= store.list({ ...options, startAfter })[Symbol.asyncIterator]()
    try {
      return await pages.next()
    } catch (error) {
      pages = undefined
      throw error
    }
  }
  for (;;) {
    const step = await policy.run({ op: 'list', kind: 'list', repeat: 'always', signal: options.signal }, nextPage)
    if (step.done === true) return
    yield step.value
    startAfter = [step.value.objects.at(-1)?.key, step.value.prefixes.at(-1), startAfter].filter((key) => key !== undefined).sort(compareUtf8).at(-1)
  }
}

interface Resuming {
  readonly resume: (doneBytes: number) => Promise<ObjectBody>
  readonly mayResume: (error: unknown, doneBytes: number) => boolean
}

async function* wholeBody(first: ObjectBody, { resume, mayResume }: Resuming): AsyncGenerator<Uint8Array> {
  let body = first
  let done = 0
  for (let left = resumptions; ; left--) {
    try {
      for await (const chunk of body.stream) {
        done += chunk.length
        yield chunk
      }
      return
    } catch (error) {
      if (left === 0 || !mayResume(error, done)) throw error
      body = await resume(done)
    }
  }
}

function isPassing(error: unknown): boolean {
  return isNexusError(error, 'unavailable') || isNexusError(error, 'timeout') || isNexusError(error, 'outcome_unknown')
}
