import { joinBytes } from '../http/join-bytes.ts'
import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { GcsRefusal, invalid, noSuchBucket } from './answers.ts'
import type { ObjectPlace } from './check-request.ts'
import { checkConditions } from './conditions.ts'
import { finishObject } from './finish-object.ts'
import { type GcsState, liveObject, nextNumber, type UploadAttributes, type UploadSession } from './model.ts'
import { answerResource, toResource } from './resource.ts'

const chunkMultiple = 256 * 1024

/** Begins an upload (https://cloud.google.com/storage/docs/performing-resumable-uploads); the conditions are checked now and again at its end. */
export function startResumable({ state, bucket }: Omit<ObjectPlace, 'name'>, request: HttpRequest, attributes: UploadAttributes): HttpAnswer {
  checkConditions(request.url.searchParams, liveObject(bucket, attributes.name))
  const id = `upload-${nextNumber(state)}`
  const contentType = attributes.contentType ?? request.headers['x-upload-content-type']
  const conditions = request.url.searchParams
  state.uploads.set(id, { id, bucket: bucket.name, attributes: { ...attributes, contentType }, conditions, parts: [], persistedBytes: 0, finished: undefined, isCancelled: false })
  const location = `${request.url.origin}/upload/storage/v1/b/${encodeURIComponent(bucket.name)}/o?uploadType=resumable&upload_id=${id}`
  return { status: 200, headers: { location, 'x-guploader-uploadid': id } }
}

/** A request to the session's URI: a chunk, a status query, or its cancellation. The URI itself is the permission. */
export function continueResumable(state: GcsState, request: HttpRequest): HttpAnswer {
  const session = state.uploads.get(request.url.searchParams.get('upload_id') ?? '')
  if (session === undefined) throw new GcsRefusal({ status: 404, reason: 'notFound', code: 'NoSuchUpload', message: 'Not Found' })
  if (session.isCancelled) return { status: 499 }
  if (request.method === 'DELETE') {
    session.isCancelled = true
    return { status: 499 }
  }
  if (session.finished !== undefined) return answerResource(request, toResource(session.finished))
  const range = parseContentRange(request)
  return range.offset === undefined ? status(state, session, { request, total: range.total }) : chunk(state, session, { request, offset: range.offset, total: range.total })
}

interface ContentRange {
  readonly offset: number | undefined
  readonly total: number | undefined
}

function parseContentRange(request: HttpRequest): ContentRange {
  const header = request.headers['content-range']
  if (header === undefined) return { offset: 0, total: request.body.length }
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header)
  if (match === null) throw invalid(`Failed to parse Content-Range header: ${header}`)
  const [, first, last, total] = match
  const hasBody = first !== undefined && last !== undefined
  if (hasBody && Number(last) - Number(first) + 1 !== request.body.length) throw invalid('Invalid request. The number of bytes in the body does not match the Content-Range header.')
  if (!hasBody && request.body.length > 0) throw invalid('A status query has no body.')
  return { offset: hasBody ? Number(first) : undefined, total: total === '*' ? undefined : Number(total) }
}

interface Step {
  readonly request: HttpRequest
  readonly total: number | undefined
}

function status(state: GcsState, session: UploadSession, { request, total }: Step): HttpAnswer {
  if (total !== undefined && total === session.persistedBytes) return finish(state, session, request)
  return incomplete(session)
}

function chunk(state: GcsState, session: UploadSession, { request, offset, total }: Step & { readonly offset: number }): HttpAnswer {
  if (offset > session.persistedBytes) {
    const message = `Invalid request. According to the Content-Range header, the upload offset is ${offset} byte(s), which exceeds already uploaded size of ${session.persistedBytes} byte(s).`
    throw new GcsRefusal({ status: 503, reason: 'backendError', code: 'ServiceUnavailable', message })
  }
  const isFinal = total !== undefined && offset + request.body.length === total
  if (!isFinal && (total !== undefined || request.body.length % chunkMultiple !== 0)) {
    throw invalid(`Invalid request. There were ${request.body.length} byte(s) in the request body. There should have been a multiple of ${chunkMultiple} (the last chunk excepted).`)
  }
  const limit = isFinal ? undefined : state.persistLimits.shift()
  const fresh = request.body.subarray(session.persistedBytes - offset).subarray(0, limit === undefined ? undefined : limit - (limit % chunkMultiple))
  session.parts.push(fresh)
  session.persistedBytes += fresh.length
  return isFinal ? finish(state, session, request) : incomplete(session)
}

function incomplete({ persistedBytes }: UploadSession): HttpAnswer {
  return { status: 308, headers: persistedBytes === 0 ? {} : { range: `bytes=0-${persistedBytes - 1}` } }
}

function finish(state: GcsState, session: UploadSession, request: HttpRequest): HttpAnswer {
  const bucket = state.buckets.get(session.bucket)
  if (bucket === undefined) throw noSuchBucket()
  const bytes = joinBytes(session.parts)
  const hashHeader = request.headers['x-goog-hash']
  session.finished = finishObject(state, bucket, { attributes: session.attributes, bytes, conditions: session.conditions, hashHeader })
  session.parts = []
  return answerResource(request, toResource(session.finished))
}
