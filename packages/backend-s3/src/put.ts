import { NexusError } from '@nexus/core/contract'
import type { ObjectInfo, PutOptions } from '@nexus/object-storage'
import type { ChecksumOutput } from './body.ts'
import { at, type S3Context } from './context.ts'
import { crc32Of } from './crc.ts'
import { conditioned, described } from './describe-new.ts'
import { s3CodeOf, statusOf } from './errors.ts'
import { toVersion, unquote } from './info.ts'
import { requireCondition } from './prove.ts'
import { send } from './send.ts'

/** Longest body of one request, in bytes (Amazon S3 user guide, "Uploading objects"). */
const maxPutBytes = 5 * 1024 ** 3

/** One request; the CRC-32 of the bytes is sent along. @throws NexusError `precondition_failed`, `busy`, `unsupported` */
export async function put(context: S3Context, key: string, body: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
  if (body.length > maxPutBytes) throw new NexusError('invalid_argument', { op: 'put', path: key, backend: 's3', reason: 'One request takes at most 5 GiB; write it as a stream.' })
  await requireCondition(context, 'put', options)
  return putUnproved(context, key, { body, options })
}

/** The same without asking whether the service keeps the condition: for the proof itself. */
export async function putUnproved(context: S3Context, key: string, { body, options }: { body: Uint8Array; options: PutOptions }): Promise<ObjectInfo> {
  let sent: string | undefined
  const output = await withChecksum(context, body, (checksum) => {
    sent = checksum.ChecksumCRC32
    const input = { ...at(context, key), Body: body, ContentLength: body.length, ...described(context.config, options), ...conditioned(options), ...checksum }
    return send(context, { op: 'put', path: key, signal: options.signal, ...changing(options), bodyBytes: body.length, otherwise: (error) => conditionLost(error, key, options) }, (call) =>
      context.client.send(new context.sdk.PutObjectCommand(input), call),
    )
  })
  noteChecksum(output, { key, sent, onVerified: options.onVerified })
  return {
    key,
    sizeBytes: body.length,
    etag: unquote(output.ETag),
    modifiedAt: context.answeredAt(output),
    contentType: options.contentType ?? 'application/octet-stream',
    metadata: options.metadata ?? {},
    version: toVersion(output.VersionId),
  }
}

/** What the service says that it stored, beside what it was sent. */
interface SentChecksum {
  readonly key: string
  /** CRC-32 in Base64; `undefined` where none was sent. */
  readonly sent: string | undefined
  readonly onVerified: PutOptions['onVerified']
}

/** A service that knows checksums answers with its own of the object. @throws NexusError `outcome_unknown` where it is another */
export function noteChecksum({ ChecksumCRC32: stored, ChecksumType }: ChecksumOutput, { key, sent, onVerified }: SentChecksum): void {
  // One over the parts' checksums (`...-3`) says nothing of the whole.
  if (sent === undefined || stored === undefined || stored.includes('-') || ChecksumType === 'COMPOSITE') return
  if (stored !== sent) throw new NexusError('outcome_unknown', { op: 'put', path: key, backend: 's3', reason: 'The service says that it stored something else than it was sent. Read the object before you repeat it.' })
  onVerified?.()
}

/** How a write may be repeated: under a condition its own first attempt would make the second fail. */
export function changing({ condition }: PutOptions): { readonly changes: true; readonly repeat: 'always' | 'refused' } {
  return { changes: true, repeat: condition === undefined ? 'always' : 'refused' }
}

/** Sends a checksum along, and learns where a service refuses to know it: a refused request stored nothing, so it is sent once more without. */
export async function withChecksum<T>(context: S3Context, bytes: Uint8Array, request: (checksum: { ChecksumCRC32?: string }) => Promise<T>): Promise<T> {
  if (!sendsChecksums(context)) return request({})
  try {
    return await request({ ChecksumCRC32: crc32Of(bytes) })
  } catch (error) {
    if (!refusesChecksums(context, error)) throw error
    context.learnt.refusesChecksums = true
    return request({})
  }
}

/** Whether `x-amz-checksum-*` is sent. */
export function sendsChecksums({ config, learnt }: S3Context): boolean {
  return config.checksums !== 'never' && !learnt.refusesChecksums
}

/** Amazon takes them always; elsewhere "not implemented" may mean them. */
export function refusesChecksums({ config, isAws }: S3Context, error: unknown): boolean {
  return !isAws && config.checksums === 'auto' && error instanceof NexusError && error.code === 'unsupported' && statusOf(error.cause) === 501
}

/** `If-Match` on an object that is not there: S3 says 404 (Amazon S3 user guide, "Conditional writes"). */
export function conditionLost(error: unknown, key: string, { condition }: PutOptions): NexusError | undefined {
  if (condition === undefined || condition === 'absent' || s3CodeOf(error) !== 'NoSuchKey') return undefined
  return new NexusError('precondition_failed', { op: 'put', path: key, backend: 's3', reason: 'The object that the condition asks for is not there.', cause: error })
}
