import type { PolicyCall } from '@nexus/core/contract'
import type { GcsContext, Place } from './context.ts'
import { type Effect, failure, type Refusal, toNexusError, toTransportError } from './errors.ts'
import { parseJson, readRefusal } from './read-refusal.ts'

const pieceBytes = 256 * 1024

/** One request. */
export interface GcsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the endpoint, escaped; or a whole URL, which is checked to be the endpoint's. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array | string | undefined
  readonly place: Place
  readonly effect: Effect
  /** What fails together with it; default by `effect`. */
  readonly kind?: PolicyCall['kind'] | undefined
  /** `step`: one of several requests of a call, which nobody above can repeat by itself. `once`: who sends it looks before the next one. */
  readonly as?: 'step' | 'once' | undefined
  readonly signal?: AbortSignal | undefined
  /** Statuses beside 2xx that the caller understands. */
  readonly accepts?: readonly number[] | undefined
  /** Gives an answer for a refusal that is none to the caller: `true` makes {@link send} resolve to `undefined`. */
  readonly isAbsent?: ((refusal: Refusal) => boolean) | undefined
}

/**
 * Sends one request by the policy, so often as may be: a change under a condition only when it was surely refused, because its own first attempt would
 * make the second fail. A token that the service no longer takes is replaced once: nothing has happened then.
 * @param take Reads the answer; what fails there has failed as the request
 * @returns `undefined` where `isAbsent` says so
 * @throws NexusError by the table in `errors.ts`; the signal's reason when the caller gave up
 */
export async function exchange<T>(context: GcsContext, request: GcsRequest, take: (response: Response, request: GcsRequest) => Promise<T>): Promise<T | undefined> {
  const { effect, kind = effect === 'change' ? 'write' : 'read', place: { op }, body, query, as, signal } = request
  signal?.throwIfAborted()
  const { calls, steps } = context.attempts
  const changes = effect === 'change'
  const repeat = changes && query?.['ifGenerationMatch'] !== undefined ? 'refused' : 'always'
  const call: PolicyCall = { op, kind, repeat, changes, bodyBytes: body?.length, signal, attempts: as === undefined ? calls : as === 'step' ? steps : 1 }
  return context.policy.run(call, async (attemptSignal) => {
    const attempt = { ...request, signal: attemptSignal }
    const response = await sendOnce(context, attempt)
    return response === undefined ? undefined : await take(response, attempt)
  })
}

/** {@link exchange}, for who reads the answer's body later or not at all. */
export async function send(context: GcsContext, request: GcsRequest): Promise<Response | undefined> {
  return exchange(context, request, (response) => Promise.resolve(response))
}

/** {@link exchange}, for an answer in JSON. */
export async function sendForJson(context: GcsContext, request: GcsRequest): Promise<unknown> {
  return exchange(context, request, readJson)
}

/** One attempt, for who repeats by himself. */
export async function sendOnce(context: GcsContext, request: GcsRequest): Promise<Response | undefined> {
  const token = await context.tokens?.token(request.signal)
  const response = await attempt(context, request, token)
  if (response.status !== 401 || context.tokens === undefined || token === undefined) return settle(response, request)
  await response.body?.cancel()
  context.tokens.refuse(token)
  return settle(await attempt(context, request, await context.tokens.token(request.signal)), request)
}

/** The answer's body as JSON; an answer that is none says nothing of what happened. */
export async function readJson(response: Response, { place, effect, signal }: GcsRequest): Promise<unknown> {
  const text = await readText(response, { place, effect, signal })
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || 'error' in value) {
    throw failure(effect === 'change' ? 'outcome_unknown' : 'unavailable', place, `The service answered ${response.status} with a body that is no result: ${JSON.stringify(text.slice(0, 100))}.`)
  }
  return value
}

/** The answer's body as text. */
export async function readText(response: Response, { place, effect, signal }: Pick<GcsRequest, 'place' | 'effect' | 'signal'>): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    throw toTransportError(error, place, { effect, signal })
  }
}

async function attempt(context: GcsContext, request: GcsRequest, token: string | undefined): Promise<Response> {
  const { method, headers, body, place, effect, signal } = request
  const init: RequestInit = {
    method,
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(isLong(body) && { 'content-length': String(body.length) }) },
    // Followed by hand or not at all: the token is for this host.
    redirect: 'manual',
    ...(isLong(body) ? { body: piecewise(body), duplex: 'half' } : body !== undefined && { body: body as string | Uint8Array<ArrayBuffer> }),
    ...(signal !== undefined && { signal }),
  }
  try {
    return await context.fetch(urlOf(context, request), init)
  } catch (error) {
    throw toTransportError(error, place, { effect, signal })
  }
}

/** Whether the platform's copy of a body would be felt: it makes one of all bytes that it is given at once. */
function isLong(body: GcsRequest['body']): body is Uint8Array {
  return body instanceof Uint8Array && body.length > pieceBytes
}

/** The bytes themselves, one piece after the other. */
function piecewise(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        controller.enqueue(bytes.subarray(at, (at += pieceBytes)))
        if (at >= bytes.length) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

function urlOf({ config }: GcsContext, { path, query = {}, place }: GcsRequest): string {
  const url = path.startsWith('/') ? `${config.endpoint}${path}` : path
  if (new URL(url).origin !== new URL(config.endpoint).origin) throw failure('unavailable', place, `The service sends an upload to ${new URL(url).host}, which is another server.`)
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return pairs.length === 0 ? url : `${url}?${new URLSearchParams(pairs).toString()}`
}

async function settle(response: Response, request: GcsRequest): Promise<Response | undefined> {
  if (response.ok || request.accepts?.includes(response.status) === true) return response
  // What it says of its failure may break off as well; the status is known.
  const refusal = readRefusal({ status: response.status, text: await readText(response, request), headers: response.headers })
  if (request.isAbsent?.(refusal) === true) return undefined
  throw toNexusError(refusal, request.place, request.effect)
}
