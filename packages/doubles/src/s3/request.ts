import type { HttpRequest } from '../http/messages.ts'
import { S3Failure } from './error.ts'

/** What a request asks for, by the name that S3's reference gives it. */
export type S3Operation =
  | 'ListBuckets'
  | 'GetBucketLifecycleConfiguration'
  | 'PutBucketLifecycleConfiguration'
  | 'GetBucketVersioning'
  | 'PutBucketVersioning'
  | 'GetBucketLocation'
  | 'ListMultipartUploads'
  | 'ListObjectVersions'
  | 'DeleteObjects'
  | 'ListObjectsV2'
  | 'HeadBucket'
  | 'CreateBucket'
  | 'CreateMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'UploadPartCopy'
  | 'UploadPart'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'CopyObject'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'

/** A request, taken apart. */
export interface S3Request {
  readonly operation: S3Operation
  readonly bucket: string
  /** Decoded; empty for what concerns the bucket. */
  readonly key: string
  readonly query: URLSearchParams
  readonly http: HttpRequest
}

interface Rule {
  readonly method: string
  readonly level: 'service' | 'bucket' | 'object'
  /** Parameters that make it this operation. */
  readonly needs?: readonly string[]
  /** Parameters that it also takes; any other is refused. */
  readonly takes?: readonly string[]
  /** The header that makes it this operation. */
  readonly header?: string
}

/** More particular ones first: the first that fits is it. */
const operations: Readonly<Record<S3Operation, Rule>> = {
  ListBuckets: { method: 'GET', level: 'service' },
  GetBucketLifecycleConfiguration: { method: 'GET', level: 'bucket', needs: ['lifecycle'] },
  PutBucketLifecycleConfiguration: { method: 'PUT', level: 'bucket', needs: ['lifecycle'] },
  GetBucketVersioning: { method: 'GET', level: 'bucket', needs: ['versioning'] },
  PutBucketVersioning: { method: 'PUT', level: 'bucket', needs: ['versioning'] },
  GetBucketLocation: { method: 'GET', level: 'bucket', needs: ['location'] },
  ListMultipartUploads: { method: 'GET', level: 'bucket', needs: ['uploads'], takes: ['prefix', 'key-marker', 'upload-id-marker', 'max-uploads', 'encoding-type', 'delimiter'] },
  ListObjectVersions: { method: 'GET', level: 'bucket', needs: ['versions'], takes: ['prefix', 'key-marker', 'version-id-marker', 'max-keys', 'encoding-type', 'delimiter'] },
  DeleteObjects: { method: 'POST', level: 'bucket', needs: ['delete'] },
  ListObjectsV2: {
    method: 'GET', level: 'bucket', needs: ['list-type'], takes: ['prefix', 'delimiter', 'max-keys', 'continuation-token', 'start-after', 'encoding-type', 'fetch-owner'],
  },
  HeadBucket: { method: 'HEAD', level: 'bucket' },
  CreateBucket: { method: 'PUT', level: 'bucket' },
  CreateMultipartUpload: { method: 'POST', level: 'object', needs: ['uploads'] },
  CompleteMultipartUpload: { method: 'POST', level: 'object', needs: ['uploadId'] },
  UploadPartCopy: { method: 'PUT', level: 'object', needs: ['uploadId', 'partNumber'], header: 'x-amz-copy-source' },
  UploadPart: { method: 'PUT', level: 'object', needs: ['uploadId', 'partNumber'] },
  AbortMultipartUpload: { method: 'DELETE', level: 'object', needs: ['uploadId'] },
  ListParts: { method: 'GET', level: 'object', needs: ['uploadId'], takes: ['max-parts', 'part-number-marker'] },
  CopyObject: { method: 'PUT', level: 'object', header: 'x-amz-copy-source' },
  PutObject: { method: 'PUT', level: 'object' },
  GetObject: { method: 'GET', level: 'object', takes: ['versionId', 'partNumber', 'response-content-type', 'response-content-disposition'] },
  HeadObject: { method: 'HEAD', level: 'object', takes: ['versionId', 'partNumber'] },
  DeleteObject: { method: 'DELETE', level: 'object', takes: ['versionId'] },
}

/** `x-id` names the operation for logs, the rest belongs to presigned URLs. */
const everywhere = /^(?:x-id|X-Amz-.*)$/

/**
 * Finds operation, bucket and key, in path style (`/bucket/key`) or host style (`bucket.localhost`).
 * @throws S3Failure `NotImplemented` for what the double does not know, `InvalidArgument` for parameters that the operation does not take
 */
export function parseRequest(http: HttpRequest): S3Request {
  const { bucket, key } = placeOf(http)
  const query = http.url.searchParams
  const level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object'
  const found = Object.entries<Rule>(operations).find(([, rule]) => {
    return rule.method === http.method && rule.level === level && (rule.needs ?? []).every((name) => query.has(name)) && (rule.header === undefined || http.headers[rule.header] !== undefined)
  })
  if (found === undefined) throw new S3Failure(501, 'NotImplemented', { message: `${http.method} ${http.target}` })
  const [operation, rule] = found as [S3Operation, Rule]
  const known = new Set([...(rule.needs ?? []), ...(rule.takes ?? [])])
  const unknown = [...query.keys()].filter((name) => !known.has(name) && !everywhere.test(name))
  if (unknown.length > 0) throw new S3Failure(400, 'InvalidArgument', { message: `${operation} takes no parameter ${unknown.join()}` })
  return { operation, bucket, key, query, http }
}

function placeOf({ target, headers }: HttpRequest): { bucket: string; key: string } {
  const path = (target.split('?')[0] ?? '').slice(1)
  const host = (headers['host'] ?? '').replace(/:\d+$/, '')
  const ofHost = /^(.+)\.localhost$/.exec(host)?.[1]
  if (ofHost !== undefined) return { bucket: ofHost, key: decode(path) }
  const slash = path.indexOf('/')
  return slash === -1 ? { bucket: decode(path), key: '' } : { bucket: decode(path.slice(0, slash)), key: decode(path.slice(slash + 1)) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    if (cause instanceof URIError) throw new S3Failure(400, 'InvalidURI')
    throw cause
  }
}
