import { type CallOptions, type ErrorCode, NexusError } from '@nexus/core/contract'
import type { MemoryObjects } from './memory-objects.ts'
import type { LifecycleRule, ObjectStore } from './object-store.ts'

/** A kind of request; each is one request of a service. */
export type StoreVerb = 'head' | 'get' | 'put' | 'putStream' | 'copy' | 'delete' | 'deleteMatching' | 'list' | 'versions' | 'lifecycle'

/** A request about to happen. */
export interface StoreRequest {
  readonly verb: StoreVerb
  /** The first of several keys, a listing's prefix, the target of a copy. */
  readonly key: string
  /** Runs `step` when the request has happened: what it throws is all that the caller hears, as when the answer is lost. */
  readonly after: (step: () => void) => void
}

/** A service that several memory stores are buckets of: what one of them keeps another can copy. */
export interface MemoryService {
  readonly name: string
  /** Objects by bucket. */
  readonly buckets: Map<string, MemoryObjects>
}

/** What {@link openMemoryStore} may be given. */
export interface MemoryStoreOptions {
  /** Default `memory`. */
  readonly scheme?: string | undefined
  /** Default `<scheme>://bucket`. */
  readonly name?: string | undefined
  /** Whose bucket it is, under its name; default a service of its own. */
  readonly service?: MemoryService | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
  /** What the service is said to do; what is not is refused with `unsupported`. Default both. */
  readonly conditions?: ObjectStore['conditions'] | undefined
  /** Whether it deletes under a condition; default as `conditions.match`. */
  readonly deletesMatching?: boolean | undefined
  /** Keys and prefixes a page at most; default 1,000. */
  readonly pageSize?: number | undefined
  readonly keepsVersions?: boolean | undefined
  /** Whether listings tell content type, attributes and version as GCS does; default false, as S3. */
  readonly listsFully?: boolean | undefined
  /** Default 1 GiB. */
  readonly maxSizeBytes?: number | undefined
  /** Default none. */
  readonly rules?: readonly LifecycleRule[] | undefined
  /** Called before each request takes effect: it may throw (nothing happened), wait, or ask for something `after` it. */
  readonly before?: ((request: StoreRequest) => void | Promise<void>) | undefined
}

/** A memory store, as its verbs see it. */
export interface MemoryContext {
  readonly scheme: string
  readonly options: MemoryStoreOptions
  readonly conditions: ObjectStore['conditions']
  readonly maxSizeBytes: number
  readonly pageSize: number
  readonly objects: MemoryObjects
  readonly service: MemoryService
  readonly requests: Record<StoreVerb, number>
  isClosed: boolean
}

/** A request and its key: for counting, and for errors. */
export interface RequestPlace {
  readonly op: StoreVerb
  readonly path: string
}

/** Counts a request, asks the test, and lets it happen in one step. */
export async function request<T>(context: MemoryContext, place: RequestPlace, options: CallOptions | undefined, step: (place: RequestPlace) => T): Promise<T> {
  const signal = options?.signal
  signal?.throwIfAborted()
  if (context.isClosed) throw failure(context, 'unavailable', place, 'The store is closed; open it again.')
  if (place.op !== 'list' && place.op !== 'lifecycle') checkKey(context, place)
  context.requests[place.op]++
  const steps: (() => void)[] = []
  await orAborted(context.options.before?.({ verb: place.op, key: place.path, after: (after) => steps.push(after) }), signal)
  const result = step(place)
  for (const after of steps) after()
  return result
}

async function orAborted(wait: void | Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!(wait instanceof Promise) || signal === undefined) return wait
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  await Promise.race([wait, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}

/** @throws NexusError `invalid_argument` */
export function checkKey(context: MemoryContext, place: RequestPlace): void {
  const sizeBytes = new TextEncoder().encode(place.path).length
  if (sizeBytes >= 1 && sizeBytes <= 1024 && place.path.isWellFormed()) return
  throw failure(context, 'invalid_argument', place, `A key is well-formed and has 1 to 1,024 bytes; this one has ${sizeBytes}. Choose a shorter path.`)
}

/** An error of this request. */
export function failure({ scheme }: Pick<MemoryContext, 'scheme'>, code: ErrorCode, place: RequestPlace, reason?: string): NexusError {
  return new NexusError(code, { ...place, backend: scheme, reason })
}
