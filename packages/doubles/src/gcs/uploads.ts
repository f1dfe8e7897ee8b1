import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { invalid } from './answers.ts'
import { checkParameters, type ObjectPlace } from './check-request.ts'
import { conditionNames } from './conditions.ts'
import { finishObject } from './finish-object.ts'
import type { UploadAttributes } from './model.ts'
import { answerResource, toResource } from './resource.ts'
import { startResumable } from './resumable.ts'

/** `objects.insert` (https://cloud.google.com/storage/docs/json_api/v1/objects/insert): media, multipart, or the beginning of a resumable upload. */
export function insert(place: Omit<ObjectPlace, 'name'>, request: HttpRequest): HttpAnswer {
  const query = request.url.searchParams
  checkParameters(request, ['uploadType', 'name', 'projection', 'contentEncoding', ...conditionNames])
  switch (query.get('uploadType')) {
    case 'media':
      return media(place, request)
    case 'multipart':
      return multipart(place, request)
    case 'resumable':
      return startResumable(place, request, attributesOf(request.body.length === 0 ? {} : parseJson(request.body), query))
    default:
      throw invalid(`Upload type ${String(query.get('uploadType'))} is not media, multipart or resumable.`)
  }
}

function media({ state, bucket }: Omit<ObjectPlace, 'name'>, request: HttpRequest): HttpAnswer {
  const attributes = { ...attributesOf({}, request.url.searchParams), contentType: request.headers['content-type'] }
  const object = finishObject(state, bucket, { attributes, bytes: request.body, conditions: request.url.searchParams, hashHeader: request.headers['x-goog-hash'] })
  return answerResource(request, toResource(object))
}

function multipart({ state, bucket }: Omit<ObjectPlace, 'name'>, request: HttpRequest): HttpAnswer {
  const [first, second, ...more] = parseParts(request)
  if (first === undefined || second === undefined || more.length > 0) throw invalid('A multipart upload has two parts: metadata and media.')
  if (!/^application\/json/.test(first.headers['content-type'] ?? '')) throw invalid('The first part of a multipart upload is application/json.')
  const attributes = attributesOf(parseJson(first.body), request.url.searchParams)
  const contentType = attributes.contentType ?? second.headers['content-type']
  const upload = { attributes: { ...attributes, contentType }, bytes: second.body, conditions: request.url.searchParams, hashHeader: request.headers['x-goog-hash'] }
  return answerResource(request, toResource(finishObject(state, bucket, upload)))
}

/** A part of a `multipart/*` body. */
export interface MimePart {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Takes a `multipart/*` body apart (RFC 2046, section 5.1). */
export function parseParts(request: HttpRequest): MimePart[] {
  const boundary = /^multipart\/(?:related|mixed);\s*boundary="?([^";]+)"?$/.exec(request.headers['content-type'] ?? '')?.[1]
  if (boundary === undefined) throw invalid('Content-Type is multipart/related or multipart/mixed with a boundary.')
  const body = Buffer.from(request.body)
  const delimiter = Buffer.from(`--${boundary}`)
  const parts: MimePart[] = []
  let at = body.indexOf(delimiter)
  while (at !== -1) {
    const start = at + delimiter.length
    if (body.subarray(start, start + 2).toString() === '--') return parts
    at = body.indexOf(`\r\n--${boundary}`, start)
    if (at === -1) throw invalid('The multipart body has no closing boundary.')
    parts.push(parsePart(body.subarray(start + 2, at)))
    at += 2
  }
  throw invalid('The multipart body has no boundary.')
}

function parsePart(part: Buffer): MimePart {
  const end = part.indexOf('\r\n\r\n')
  if (end === -1) throw invalid('A part has no empty line behind its headers.')
  return { headers: parseHeaders(part.subarray(0, end).toString()), body: new Uint8Array(part.subarray(end + 4)) }
}

/** Lines `name: value`, names in lower case. */
export function parseHeaders(text: string): Record<string, string> {
  const lines = text.split('\r\n').filter((line) => line !== '')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
}

/** A JSON object of a request's body. */
export function parseJson(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw invalid('Parse Error')
}

const writable = new Set(['name', 'contentType', 'contentEncoding', 'metadata', 'storageClass', 'crc32c', 'md5Hash', 'bucket', 'cacheControl', 'contentDisposition', 'contentLanguage', 'customTime'])

function attributesOf(resource: Record<string, unknown>, query: URLSearchParams): UploadAttributes {
  for (const name of Object.keys(resource)) if (!writable.has(name)) throw invalid(`Unknown field ${name} in the object resource.`)
  const name = resource['name'] ?? query.get('name')
  if (typeof name !== 'string') throw invalid('Required: name')
  return { ...resource, name }
}
