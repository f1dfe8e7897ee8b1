import { isNexusError, NexusError, relocateError } from '@nexus/core/contract'
import type { ObjectInfo, PutOptions } from '@nexus/object-storage'
import type { Carried } from './carried.ts'
import { at, type S3Context } from './context.ts'
import { conditioned, described } from './describe-new.ts'
import { s3CodeOf } from './errors.ts'
import { answerOf, type Completion } from './completed.ts'
import { head } from './head.ts'
import { toVersion, unquote } from './info.ts'
import { conditionLost, noteChecksum, refusesChecksums, sendsChecksums } from './put.ts'
import { send } from './send.ts'

/** An upload in parts that was begun. */
export interface Upload {
  readonly key: string
  readonly id: string
  /** Whether the service said that it checks the whole against a CRC-32 at its end; MinIO before 2025 takes that for the CRC-32 of the parts' checksums. */
  readonly isChecked: boolean
}

/** A part that was stored. */
export interface StoredPart {
  readonly PartNumber: number
  readonly ETag: string
  readonly ChecksumCRC32?: string
}

/** What an upload is made of when its parts are stored. */
export interface StoredParts {
  readonly parts: readonly StoredPart[]
  readonly sizeBytes: number
  /** CRC-32 of the whole, where it is known. */
  readonly checksum?: string | undefined
}

/** S3 takes 10,000 parts. */
export const maxParts = 10_000

/** How long S3 may put an upload together, in milliseconds; "several minutes" (Amazon S3 API reference, CompleteMultipartUpload). */
const completionWorkMs = 300_000

/** How long the clearing up of a failed upload may take, in milliseconds; the caller's own signal may be why it failed. */
const abortTimeoutMs = 30_000

/** What is stored in parts. */
export interface InParts {
  readonly options: PutOptions
  /** What a copy keeps of its source. */
  readonly carried?: Carried | undefined
  readonly store: (upload: Upload) => Promise<StoredParts>
}

/** Begins an upload, lets `store` store its parts, and completes it under the condition; whatever fails, the upload is aborted and leaves nothing. */
export async function inParts(context: S3Context, key: string, { options, carried, store }: InParts): Promise<ObjectInfo> {
  const upload = await begin(context, key, { options, carried })
  try {
    const stored = await store(upload)
    return await complete(context, upload, { stored, options })
  } catch (error) {
    throw await afterAbort(context, upload, error)
  }
}

async function begin(context: S3Context, key: string, { options, carried }: Omit<InParts, 'store'>): Promise<Upload> {
  const wantsChecksum = sendsChecksums(context)
  const input = { ...at(context, key), ...carried?.described, ...carried?.placed, ...described(context.config, options), ...(wantsChecksum && { ChecksumAlgorithm: 'CRC32' as const, ChecksumType: 'FULL_OBJECT' as const }) }
  try {
    const output = await send(context, { op: 'put', path: key, signal: options.signal, kind: 'write', isStep: true }, (call) => context.client.send(new context.sdk.CreateMultipartUploadCommand(input), call))
    if (output.UploadId === undefined) throw new NexusError('unexpected', { op: 'put', path: key, backend: 's3', reason: 'The service began an upload without telling its id.' })
    return { key, id: output.UploadId, isChecked: output.ChecksumAlgorithm === 'CRC32' && output.ChecksumType === 'FULL_OBJECT' }
  } catch (error) {
    if (!wantsChecksum || !refusesChecksums(context, error)) throw error
    context.learnt.refusesChecksums = true
    return begin(context, key, { options, carried })
  }
}

async function complete(context: S3Context, upload: Upload, { stored, options }: Completion): Promise<ObjectInfo> {
  const { key, id, isChecked } = upload
  const checksum: { readonly ChecksumCRC32?: string; readonly ChecksumType?: 'FULL_OBJECT' } = isChecked && stored.checksum !== undefined ? { ChecksumCRC32: stored.checksum, ChecksumType: 'FULL_OBJECT' as const } : {}
  const input = { ...at(context, key), UploadId: id, MultipartUpload: { Parts: [...stored.parts] }, ...conditioned(options), ...checksum }
  const sending = { op: 'put', path: key, signal: options.signal, changes: true, isStep: true, workMs: completionWorkMs, otherwise: (error: unknown) => conditionLost(error, key, options) }
  // An upload is completed once, however often that is asked, so that even a conditional one may be asked for again.
  const output = await send(context, sending, (call) => context.client.send(new context.sdk.CompleteMultipartUploadCommand(input), call)).catch(
    async (error: unknown) => answerOf(context, upload, { stored, options, error }),
  )
  noteChecksum(output, { key, sent: checksum.ChecksumCRC32, onVerified: options.onVerified })
  const info = await look(context, key)
  const told = unquote(output.ETag)
  // radosgw 16 completes with an empty ETag.
  const etag = told === '' ? (info?.etag ?? '') : told
  if (etag === '') throw new NexusError('unexpected', { op: 'put', path: key, backend: 's3', reason: 'The object stands, and the service tells no ETag of it.' })
  const modifiedAt = info?.etag === etag ? info.modifiedAt : context.answeredAt(output)
  const { contentType = 'application/octet-stream', metadata = {} } = options
  return { key, sizeBytes: stored.sizeBytes, etag, modifiedAt, contentType, metadata, version: toVersion(output.VersionId ?? info?.version) }
}

/** S3 dates an object by the beginning of its upload, and tells so only when asked. The object stands by now: that the question fails changes nothing of it. */
async function look(context: S3Context, key: string): Promise<ObjectInfo | undefined> {
  try {
    return await head(context, key, { isStep: true })
  } catch (error) {
    if (isNexusError(error)) return undefined
    throw error
  }
}

/** The failure, after the upload was aborted; one that could not be is told, for it costs until somebody removes it. */
async function afterAbort(context: S3Context, { key, id }: Upload, failure: unknown): Promise<unknown> {
  const signal = AbortSignal.timeout(abortTimeoutMs)
  const input = { ...at(context, key), UploadId: id }
  const gone = Symbol('gone')
  try {
    await send(context, { op: 'put', path: key, signal, kind: 'write', isStep: true, otherwise: (error) => (s3CodeOf(error) === 'NoSuchUpload' ? gone : undefined) }, (call) =>
      context.client.send(new context.sdk.AbortMultipartUploadCommand(input), call),
    )
  } catch (error) {
    if (error === gone || !isNexusError(failure)) return failure
    const told = new NexusError(failure.code, {
      cause: failure,
      reason: `${failure.reason} Its upload ${id} could not be aborted; a lifecycle rule that aborts incomplete uploads removes it.`,
    })
    return relocateError(told, failure)
  }
  return failure
}
