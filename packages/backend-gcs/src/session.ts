import type { PutOptions } from '@nexus/object-storage'
import { conditionQuery } from './conditions.ts'
import type { GcsContext, Place } from './context.ts'
import { type Effect, failure, isChecksumRefusal } from './errors.ts'
import { uploadPath } from './keys.ts'
import { objectFields, type ObjectResource, toResource } from './object-info.ts'
import { attributesOf } from './put.ts'
import { exchange, type GcsRequest, readJson, send } from './send.ts'

/** A resumable upload under way (https://cloud.google.com/storage/docs/performing-resumable-uploads). */
export interface Session {
  readonly url: string
  readonly place: Place
  readonly signal: AbortSignal | undefined
}

/** What the service says of an upload: so many bytes persist, or the object is there. */
export type UploadState = { readonly persistedBytes: number } | { readonly resource: ObjectResource }

const cancelTimeoutMs = 5000

/** Begins an upload; nothing can be seen of it before its end, where the condition holds. */
export async function startSession(context: GcsContext, place: Place, options: PutOptions): Promise<Session> {
  const request = {
    method: 'POST',
    path: uploadPath(context.config),
    query: { uploadType: 'resumable', fields: objectFields, ...conditionQuery(options.condition, place) },
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(attributesOf(context, place.key, options)),
    place,
    effect: 'none',
    kind: 'write',
    as: 'step',
    signal: options.signal,
  } as const
  const url = await exchange(context, request, readPlace)
  if (url === undefined) throw failure('unexpected', place)
  return { url, place, signal: options.signal }
}

async function readPlace(response: Response, { place }: GcsRequest): Promise<string> {
  await response.body?.cancel()
  const url = response.headers.get('location') ?? ''
  if (URL.canParse(url)) return url
  throw failure('unavailable', place, 'The service began an upload without saying where it goes on.')
}

/** A part of the bytes; `total` is known with the last one, and the checksum of all of them. */
export interface SessionPart {
  readonly offset: number
  readonly bytes: Uint8Array
  readonly total: number | undefined
  readonly crc32c: string
}

/** Sends bytes. Without `total` nothing can change; with it the object may come to be. */
export async function sendPart(context: GcsContext, session: Session, { offset, bytes, total, crc32c }: SessionPart): Promise<UploadState> {
  const range = `bytes ${offset}-${offset + bytes.length - 1}/${total ?? '*'}`
  const headers = { 'content-range': range, ...(total !== undefined && { 'x-goog-hash': `crc32c=${crc32c}` }) }
  return talk(context, session, { headers, body: bytes, effect: total === undefined ? 'none' : 'change' })
}

/** Asks what persists, after an answer that was lost. It names no length: with one, the service would end the upload without the checksum. */
export async function queryStatus(context: GcsContext, session: Session, effect: Effect): Promise<UploadState> {
  return talk(context, session, { headers: { 'content-range': 'bytes */*' }, effect })
}

/** Ends an upload of which all bytes persist already. */
export async function endUpload(context: GcsContext, session: Session, { total, crc32c }: { readonly total: number; readonly crc32c: string }): Promise<UploadState> {
  return talk(context, session, { headers: { 'content-range': `bytes */${total}`, 'x-goog-hash': `crc32c=${crc32c}` }, effect: 'change' })
}

interface Exchange {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly effect: Effect
}

async function talk(context: GcsContext, { url, place, signal }: Session, content: Exchange): Promise<UploadState> {
  const request = { method: 'PUT', path: url, place, signal, accepts: [308], isAbsent: isChecksumRefusal, kind: 'write', as: 'once', ...content } as const
  const state = await exchange(context, request, (response, attempt) => readState(context, response, attempt))
  // Not `unavailable`: asked again, the service would say the same of the bytes that it holds.
  if (state === undefined) throw failure('corrupt', place, 'The bytes were damaged on their way, and nothing is stored. Write it again.')
  return state
}

async function readState(context: GcsContext, response: Response, request: GcsRequest): Promise<UploadState> {
  const { place } = request
  if (response.status !== 308) return { resource: toResource(context, await readJson(response, request), { place, code: 'outcome_unknown' }) }
  await response.body?.cancel()
  const range = response.headers.get('range')
  const last = /^bytes=0-(\d+)$/.exec(range ?? '')?.[1]
  if (range !== null && last === undefined) throw failure('unavailable', place, `The service says in a way that nobody understands what it holds of the upload: ${range}.`)
  return { persistedBytes: last === undefined ? 0 : Number(last) + 1 }
}

/** Gives an upload up, whatever became of it: what is not cancelled the service forgets after a week, and nobody sees it. */
export async function cancelSession(context: GcsContext, { url, place }: Session): Promise<void> {
  const signal = AbortSignal.timeout(cancelTimeoutMs)
  const cancelled = send(context, { method: 'DELETE', path: url, place, effect: 'none', kind: 'write', as: 'step', signal, accepts: [499, 404, 410] })
  await Promise.allSettled([cancelled.then((response) => response?.body?.cancel())])
}
