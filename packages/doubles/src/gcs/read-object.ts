import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { GcsRefusal, noSuchObject } from './answers.ts'
import { checkParameters, type ObjectPlace } from './check-request.ts'
import { checkConditions, conditionNames, conditionsInHeaders, numberIn } from './conditions.ts'
import { type GcsObject, liveObject } from './model.ts'
import { answerResource, toResource } from './resource.ts'

/** The generation that a query asks for, or the live one. */
export function findObject({ bucket, name }: Pick<ObjectPlace, 'bucket' | 'name'>, generation: number | undefined): GcsObject | undefined {
  if (generation === undefined) return liveObject(bucket, name)
  return bucket.objects.get(name)?.find((object) => object.generation === generation)
}

/** `objects.get` (https://cloud.google.com/storage/docs/json_api/v1/objects/get): the resource, or with `alt=media` the bytes. */
export function getObject(place: ObjectPlace, request: HttpRequest): HttpAnswer {
  const query = request.url.searchParams
  checkParameters(request, ['generation', 'projection', ...conditionNames])
  const object = findObject(place, numberIn(query, 'generation'))
  if (object === undefined) throw noSuchObject(place.bucket.name, place.name)
  checkConditions(query, object)
  return query.get('alt') === 'media' ? answerMedia(object, request) : answerResource(request, toResource(object))
}

/** `GET Object` of the XML API (https://cloud.google.com/storage/docs/xml-api/get-object-download): the bytes, with the attributes as headers. */
export function downloadObject(place: ObjectPlace, request: HttpRequest): HttpAnswer {
  const object = findObject(place, numberIn(request.url.searchParams, 'generation'))
  if (object === undefined) throw noSuchObject(place.bucket.name, place.name)
  checkConditions(conditionsInHeaders(request.headers), object)
  const answer = answerMedia(object, request)
  // Header values are bytes to HTTP: UTF-8 goes out as it is. What no header can be called is left out: the worst that the reference leaves open.
  const sendable = Object.entries(object.metadata).filter(([name]) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name))
  const attributes = sendable.map(([name, value]) => [`x-goog-meta-${name.toLowerCase()}`, Buffer.from(value.replace(/[\r\n\0]/g, ' ')).toString('latin1')])
  return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(attributes) as Record<string, string> } }
}

function answerMedia(object: GcsObject, request: HttpRequest): HttpAnswer {
  const headers = mediaHeaders(object)
  const range = parseRange(request.headers['range'], object.bytes.length)
  if (range === undefined) return { status: 200, headers, body: object.bytes }
  if (range === 'unsatisfiable') {
    throw new GcsRefusal({ status: 416, reason: 'requestedRangeNotSatisfiable', code: 'InvalidRange', message: 'The requested range cannot be satisfied.' })
  }
  const contentRange = `bytes ${range.first}-${range.last}/${object.bytes.length}`
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: object.bytes.subarray(range.first, range.last + 1) }
}

function mediaHeaders(object: GcsObject): Record<string, string> {
  return {
    'content-type': object.contentType,
    'last-modified': new Date(object.updated).toUTCString(),
    'x-goog-generation': String(object.generation),
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-hash': `crc32c=${object.crc32c}${object.md5Hash === undefined ? '' : `,md5=${object.md5Hash}`}`,
    'x-goog-stored-content-length': String(object.bytes.length),
    'x-goog-stored-content-encoding': object.described.contentEncoding ?? 'identity',
    'x-goog-storage-class': object.storageClass,
  }
}

/** One range (RFC 9110, section 14.1.2); what is malformed is ignored. */
function parseRange(header: string | undefined, sizeBytes: number): { readonly first: number; readonly last: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  const [, from = '', to = ''] = match ?? []
  if (match === null || (from === '' && to === '')) return undefined
  if (from === '') return Number(to) === 0 || sizeBytes === 0 ? 'unsatisfiable' : { first: Math.max(0, sizeBytes - Number(to)), last: sizeBytes - 1 }
  if (to !== '' && Number(to) < Number(from)) return undefined
  return Number(from) >= sizeBytes ? 'unsatisfiable' : { first: Number(from), last: Math.min(to === '' ? sizeBytes : Number(to), sizeBytes - 1) }
}
