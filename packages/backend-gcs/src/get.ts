import { createPace } from '@nexus/core/contract'
import type { GetOptions, ObjectBody, ObjectInfo } from '@nexus/object-storage'
import { checkedBody, emptyBody } from './checked-body.ts'
import { matchQuery, parseMatch } from './conditions.ts'
import type { GcsContext, Place } from './context.ts'
import { failure, isObjectAbsent } from './errors.ts'
import { head, headResource, isGeneration } from './head.ts'
import { checkKey, downloadPath } from './keys.ts'
import { toEtag, toSeconds } from './object-info.ts'
import { send } from './send.ts'

/** Whose body it is, and what was asked of it. */
interface Download {
  readonly place: Place
  readonly options: GetOptions
}

/**
 * `GET Object` of the XML API (https://cloud.google.com/storage/docs/xml-api/get-object-download), as Google's own Go client reads: in one request it
 * gives the bytes, their checksum, the generation, and whether there are custom attributes. Only these take a second request, because
 * headers keep neither the case of their names nor line breaks.
 */
export async function get(context: GcsContext, key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
  const place = { op: 'get', key }
  checkKey(place)
  checkRange(place, options)
  const { range, version, ifMatch, signal } = options
  if (version !== undefined && !isGeneration(version)) return undefined
  if (range?.length === 0) return emptyPart(context, { place, options })
  const headers = { 'accept-encoding': 'identity', ...rangeHeader(range), ...(ifMatch !== undefined && conditionHeaders(ifMatch, place)) }
  const request = { method: 'GET', path: downloadPath(context.config, key), query: { generation: version }, headers, place, effect: 'none', signal, accepts: [416], isAbsent: isObjectAbsent } as const
  const response = await send(context, request)
  if (response === undefined) return undefined
  if (response.status === 416) {
    await response.body?.cancel()
    return behindTheEnd(context, { place, options })
  }
  return toBody(context, response, { place, options })
}

function checkRange(place: Place, { range }: GetOptions): void {
  if (range === undefined || [range.offset, range.length].every((number) => Number.isSafeInteger(number) && number >= 0)) return
  throw failure('invalid_argument', place, 'A range counts bytes: offset and length are whole numbers from 0 on.')
}

function rangeHeader(range: GetOptions['range']): Record<string, string> {
  if (range === undefined) return {}
  const end = range.offset + range.length - 1
  return { range: `bytes=${range.offset}-${Number.isSafeInteger(end) ? end : ''}` }
}

function conditionHeaders(etag: string, place: Place): Record<string, string> {
  const { generation, metageneration } = parseMatch(etag, place)
  return { 'x-goog-if-generation-match': generation, 'x-goog-if-metageneration-match': metageneration }
}

/** @throws NexusError `busy` for an object that reaches into the range by now: nothing was read of that state */
async function behindTheEnd(context: GcsContext, download: Download): Promise<ObjectBody | undefined> {
  const body = await emptyPart(context, download)
  if (body === undefined || body.info.sizeBytes <= (download.options.range?.offset ?? 0)) return body
  throw failure('busy', download.place, 'The object was replaced between the answer and the look at its length; read it again.')
}

/** Nothing of an object that is there: past its end, or of no length. */
async function emptyPart(context: GcsContext, { place, options }: Download): Promise<ObjectBody | undefined> {
  const { version, ifMatch, signal } = options
  const info = await head(context, place.key, { version, signal, conditions: ifMatch === undefined ? undefined : matchQuery(ifMatch, place) })
  return info === undefined ? undefined : { info, stream: emptyBody() }
}

async function toBody(context: GcsContext, response: Response, download: Download): Promise<ObjectBody> {
  try {
    const { place, options } = download
    const part = readPart(response, download)
    const info = await toInfo(context, response, { ...download, sizeBytes: part.totalBytes })
    const crc32c = part.isWhole ? /crc32c=([^,\s]+)/.exec(response.headers.get('x-goog-hash') ?? '')?.[1] : undefined
    const expected = { place, sizeBytes: part.sizeBytes, crc32c, checksum: context.crc32c, pace: createPace({ now: context.now, startTimer: context.startTimer }), signal: options.signal }
    return { info, stream: checkedBody(response.body, expected) }
  } catch (error) {
    await response.body?.cancel(error)
    throw error
  }
}

interface Part {
  readonly sizeBytes: number
  readonly totalBytes: number
  readonly isWhole: boolean
}

/** What the headers say is coming; it has to be what was asked for. */
function readPart(response: Response, { place, options: { range } }: Download): Part {
  const encoding = response.headers.get('x-goog-stored-content-encoding')
  if (encoding !== null && encoding !== 'identity' && encoding !== '') {
    throw failure('unsupported', place, `The object is stored with Content-Encoding "${encoding}", and the service gives its stored bytes to nobody without decoding them. Store it without Content-Encoding.`)
  }
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? []
  const stored = Number(response.headers.get('x-goog-stored-content-length') ?? response.headers.get('content-length') ?? NaN)
  const totalBytes = response.status === 206 ? Number(total) : stored
  const [start, end] = response.status === 206 ? [Number(first), Number(last) + 1] : [0, totalBytes]
  const wantedStart = range?.offset ?? 0
  const wantedEnd = range === undefined ? totalBytes : Math.min(totalBytes, range.offset + range.length)
  if (start !== wantedStart || end !== wantedEnd) {
    throw failure('unexpected', place, `Bytes ${wantedStart} to ${range === undefined ? 'the end' : wantedEnd} were asked for, and the service sends ${start} to ${end} of ${totalBytes}.`)
  }
  return { sizeBytes: end - start, totalBytes, isWhole: start === 0 && end === totalBytes }
}

async function toInfo(context: GcsContext, response: Response, { place, options, sizeBytes }: Download & { readonly sizeBytes: number }): Promise<ObjectInfo> {
  const { headers } = response
  const generation = headers.get('x-goog-generation') ?? ''
  const metageneration = headers.get('x-goog-metageneration') ?? ''
  const modifiedAt = toSeconds(headers.get('last-modified') ?? '')
  if (!/^\d+$/.test(generation) || !/^\d+$/.test(metageneration) || Number.isNaN(modifiedAt.getTime())) {
    throw failure('unavailable', place, 'The service answered with a body that tells neither generation nor time: it is not Cloud Storage.')
  }
  const contentType = headers.get('content-type')
  const metadata = hasAttributes(headers) ? await readAttributes(context, { place, options, generation, metageneration }) : {}
  return { key: place.key, sizeBytes, etag: toEtag(generation, metageneration), modifiedAt, ...(contentType !== null && { contentType }), metadata, ...(context.keepsVersions && { version: generation }) }
}

function hasAttributes(headers: Headers): boolean {
  return [...headers.keys()].some((name) => name.startsWith('x-goog-meta-'))
}

/** Exactly as they were written, of the state whose body is at hand. */
async function readAttributes(context: GcsContext, { place, options, generation, metageneration }: Download & { readonly generation: string; readonly metageneration: string }): Promise<ObjectInfo['metadata']> {
  const resource = await headResource(context, place.key, { version: generation, signal: options.signal })
  if (resource?.metageneration === metageneration) return resource.info.metadata
  throw failure('busy', place, 'The object was replaced between its body and its attributes; read it again.')
}
