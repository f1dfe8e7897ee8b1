import { type HttpDouble, startHttpDouble } from '../http/double.ts'
import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { deleteObjects, getLifecycle, getLocation, getVersioning, headBucket, putLifecycle, putVersioning } from './bucket.ts'
import { S3Failure, toErrorAnswer } from './error.ts'
import { listObjects, listUploads, listVersions } from './list.ts'
import { abortUpload, completeUpload, createUpload, listParts, uploadPart, uploadPartCopy } from './multipart.ts'
import { copyObject, deleteObject, getObject, putObject, type Turn } from './objects.ts'
import { parseRequest, type S3Operation } from './request.ts'
import { checkSignature, type S3Account } from './signature.ts'
import { createBucket, type S3Behaviour, type S3Bucket, type S3State } from './state.ts'
import { element, xmlDocument } from './xml.ts'

/** How the double begins; everything has a default. */
export interface S3DoubleOptions {
  /** Default: one, `bucket`. */
  readonly buckets?: readonly string[] | undefined
  readonly region?: string | undefined
  readonly behaviour?: Partial<S3Behaviour> | undefined
  /** Checks neither signatures nor checksums and makes up ETags: for measurements of clients, which must not become measurements of the double. Default false. */
  readonly believes?: boolean | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
}

/** A running S3. */
export interface S3Double extends HttpDouble {
  /** To look into, and to change. */
  readonly state: S3State
  /** The key that is valid from the start. */
  readonly account: S3Account
  /** A bucket that there is. */
  bucket(name?: string): S3Bucket
}

const account: S3Account = { accessKeyId: 'AKIADOUBLE', secretAccessKey: 'a secret/of+the double' }
const gibibyte = 1024 ** 3
const published: S3Behaviour = {
  ifMatch: 'native',
  ifNoneMatch: 'native',
  acceptsChecksums: true,
  acceptsTrailers: true,
  wholeChecksums: true,
  minPartBytes: 5 * 1024 * 1024,
  maxSingleBytes: 5 * gibibyte,
  maxKeys: 1000,
}

/** Starts an S3 on 127.0.0.1, in path style and, under `<bucket>.localhost`, in host style. It behaves as published unless told otherwise. */
export async function startS3Double(options: S3DoubleOptions = {}): Promise<S3Double> {
  const buckets = new Map((options.buckets ?? ['bucket']).map((name) => [name, createBucket(name)]))
  const behaviour = { ...published, ...options.behaviour }
  const state: S3State = { buckets, accounts: [account], region: options.region ?? 'us-east-1', behaviour, believes: options.believes ?? false, now: options.now ?? Date.now, counter: 0 }
  const double = await startHttpDouble({ handle: (request) => answerS3(state, request), kindOf })
  return Object.assign(double, { state, account, bucket: (name = 'bucket') => bucketOf(state, name) })
}

const handlers: Record<Exclude<S3Operation, 'ListBuckets' | 'CreateBucket'>, (turn: Turn) => HttpAnswer> = {
  GetBucketLifecycleConfiguration: getLifecycle,
  PutBucketLifecycleConfiguration: putLifecycle,
  GetBucketVersioning: getVersioning,
  PutBucketVersioning: putVersioning,
  GetBucketLocation: getLocation,
  ListMultipartUploads: listUploads,
  ListObjectVersions: listVersions,
  DeleteObjects: deleteObjects,
  ListObjectsV2: listObjects,
  HeadBucket: headBucket,
  CreateMultipartUpload: createUpload,
  CompleteMultipartUpload: completeUpload,
  UploadPartCopy: uploadPartCopy,
  UploadPart: uploadPart,
  AbortMultipartUpload: abortUpload,
  ListParts: listParts,
  CopyObject: copyObject,
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject,
}

/** What an anonymous caller may do in a public bucket. */
const publicReads: ReadonlySet<S3Operation> = new Set<S3Operation>(['GetObject', 'HeadObject', 'ListObjectsV2', 'HeadBucket'])

function answerS3(state: S3State, http: HttpRequest): HttpAnswer {
  try {
    const request = parseRequest(http)
    const isSigned = state.believes || checkSignature(http, state)
    if (request.operation === 'CreateBucket') return make(state, request.bucket)
    if (request.operation === 'ListBuckets') return listBuckets(state)
    const bucket = bucketOf(state, request.bucket)
    if (!isSigned && !(bucket.isPublic && publicReads.has(request.operation))) throw new S3Failure(403, 'AccessDenied')
    if ([...bucket.deniedPrefixes].some((prefix) => request.key.startsWith(prefix))) throw new S3Failure(403, 'AccessDenied')
    return handlers[request.operation]({ state, bucket, request })
  } catch (error) {
    if (error instanceof S3Failure) return toErrorAnswer(error, http.target)
    throw error
  }
}

function bucketOf(state: S3State, name: string): S3Bucket {
  const bucket = state.buckets.get(name)
  if (bucket === undefined) throw new S3Failure(404, 'NoSuchBucket')
  return bucket
}

function make(state: S3State, name: string): HttpAnswer {
  if (state.buckets.has(name)) throw new S3Failure(409, 'BucketAlreadyOwnedByYou')
  state.buckets.set(name, createBucket(name))
  return { status: 200 }
}

function listBuckets(state: S3State): HttpAnswer {
  const rows = [...state.buckets.keys()].map((name) => `<Bucket>${element('Name', name)}</Bucket>`)
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: xmlDocument('ListAllMyBucketsResult', `<Buckets>${rows.join('')}</Buckets>`) }
}

function kindOf(http: HttpRequest): string {
  try {
    return parseRequest(http).operation
  } catch (error) {
    if (error instanceof S3Failure) return 'refused'
    throw error
  }
}
