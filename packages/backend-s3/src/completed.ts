import { createHash } from 'node:crypto'
import { isNexusError, NexusError } from '@nexus/core/contract'
import type { PutOptions } from '@nexus/object-storage'
import type { ChecksumOutput } from './body.ts'
import { at, type S3Context } from './context.ts'
import { s3CodeOf } from './errors.ts'
import { head } from './head.ts'
import { unquote } from './info.ts'
import type { StoredParts, Upload } from './multipart.ts'
import { send } from './send.ts'

/** How an upload ends. */
export interface Completion {
  readonly stored: StoredParts
  readonly options: PutOptions
}

/** What is made of an answer, and which of it can be told without one. */
export interface CompletedAnswer extends ChecksumOutput {
  readonly ETag: string
  readonly VersionId?: undefined
}

/** What the service would have answered to a completion whose answer was lost, if the object stands. @throws the failure, where that cannot be told */
export async function answerOf(context: S3Context, upload: Upload, { stored, options, error }: Completion & { readonly error: unknown }): Promise<CompletedAnswer> {
  const { signal, condition } = options
  if (signal?.aborted === true || !isNexusError(error, 'outcome_unknown')) throw isUploadGone(error) ? beginAgain(upload, error) : error
  const expected = etagOf(stored)
  const found = await head(context, upload.key, { signal, isStep: true })
  const stands = found?.etag === expected && found.sizeBytes === stored.sizeBytes
  // Under a condition the same bytes may be another writer's: then only the upload itself tells, which is gone when it was completed.
  if (stands && (condition === undefined || (await isGone(context, upload, signal)))) return { ETag: expected }
  throw error
}

const isUploadGone = (error: unknown): boolean => isNexusError(error) && s3CodeOf(error.cause) === 'NoSuchUpload'

/** As after a conflict with another writer (Amazon S3 API reference, CompleteMultipartUpload: 409 asks for a new upload). */
function beginAgain({ key }: Upload, cause: unknown): NexusError {
  return new NexusError('busy', { op: 'put', path: key, backend: 's3', cause, reason: 'The upload ended before it was completed, as it does when another writer changes the object meanwhile; nothing was stored. Write it again.' })
}

/** ETag of an object in parts: MD5 of the parts' MD5s, which their own ETags are unless the service encrypts by a key of KMS. */
function etagOf({ parts }: StoredParts): string {
  const hash = createHash('md5')
  for (const { ETag } of parts) hash.update(Buffer.from(unquote(ETag), 'hex'))
  return `${hash.digest('hex')}-${parts.length}`
}

async function isGone(context: S3Context, { key, id }: Upload, signal: AbortSignal | undefined): Promise<boolean> {
  const gone = Symbol('gone')
  try {
    await send(context, { op: 'put', path: key, signal, isStep: true, otherwise: (error) => (s3CodeOf(error) === 'NoSuchUpload' ? gone : undefined) }, (call) =>
      context.client.send(new context.sdk.ListPartsCommand({ ...at(context, key), UploadId: id, MaxParts: 1 }), call),
    )
    return false
  } catch (error) {
    if (error === gone) return true
    throw error
  }
}
