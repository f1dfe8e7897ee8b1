import { isNexusError, NexusError, type StoredFile } from '@nexus/core/contract'
import type { ObjectInfo, PutOptions } from '@nexus/object-storage'
import { carriedOf } from './carried.ts'
import { at, type S3Context } from './context.ts'
import { copyObject, type CopyPlace, copyWorkMs, type FoundSource, sourceOf } from './copy-object.ts'
import { headOutput } from './head.ts'
import { quote, toObjectInfo } from './info.ts'
import { inParts, maxParts, type StoredPart, type StoredParts, type Upload } from './multipart.ts'
import { requireCondition } from './prove.ts'
import { send } from './send.ts'

/**
 * Inside the service: HEAD of the source, then one copy of just that state, or copies of its ranges where it is long.
 * @returns `undefined` where there is no source
 * @throws NexusError `precondition_failed`; `busy` when the source was replaced between the two requests
 */
export async function copy(context: S3Context, { from, to, ifSourceMatch }: CopyPlace, options: PutOptions): Promise<ObjectInfo | undefined> {
  const told = await headOutput(context, from.key, { bucket: from.bucket, ifMatch: ifSourceMatch, signal: options.signal })
  if (told === undefined) return undefined
  const [source, carried] = [toObjectInfo(from.key, told, context.answeredAt(told)), carriedOf(told)]
  const isLarge = source.sizeBytes > context.limits.copyBytes
  await requireCondition(context, isLarge ? 'complete' : 'copy', options)
  // S3 replaces attributes and content type together or neither; an object in parts is described anew.
  const isDescribed = isLarge || options.metadata !== undefined || options.contentType !== undefined
  const { contentType, metadata } = { contentType: options.contentType ?? source.contentType, metadata: options.metadata ?? source.metadata ?? {} }
  const wanted: PutOptions = isDescribed ? { ...options, contentType, metadata } : options
  try {
    const place = { from, to, ifSourceMatch: source.etag, sizeBytes: source.sizeBytes, carried }
    const copied = isLarge ? await copyParts(context, place, wanted) : await copyObject(context, place, wanted)
    return { ...copied, key: to, sizeBytes: source.sizeBytes, contentType, metadata }
  } catch (error) {
    if (ifSourceMatch !== undefined || options.condition !== undefined || !isNexusError(error, 'precondition_failed')) throw error
    throw new NexusError('busy', { op: 'copy', path: from.key, backend: 's3', reason: 'The object was replaced while it was copied; copy it again.', cause: error })
  }
}

/** Names the service for those who copy inside it: one endpoint, and one region of it, because HEAD of the source is asked there. */
export function serviceOf({ config, region }: S3Context): string {
  return `s3 ${config.endpoint ?? 'aws'} ${region}`
}

/** Refusals of a request that has to be possible for a copy and need not be for reading and writing. */
const refusals = ['permission_denied', 'unauthenticated', 'unsupported', 'invalid_config'] as const

/**
 * From another bucket of the service.
 * @returns `undefined` for another service, and where this account may not read there
 * @throws NexusError as {@link copy}; `not_found` where there is no source
 */
export async function copyFrom(context: S3Context, { source, to, ifSourceMatch }: Omit<CopyPlace, 'from'> & { readonly source: StoredFile }, options: PutOptions): Promise<ObjectInfo | undefined> {
  if (source.service !== serviceOf(context)) return undefined
  try {
    const copied = await copy(context, { from: { bucket: source.container, key: source.key }, to, ifSourceMatch }, options)
    if (copied === undefined) throw new NexusError('not_found', { op: 'copy', path: source.key, backend: 's3', reason: `There is no such object in ${source.container} any more.` })
    return copied
  } catch (error) {
    if (refusals.some((code) => isNexusError(error, code))) return undefined
    throw error
  }
}

/** Length of the ranges, in bytes, that an object above `copyBytes` is copied in. */
export function rangeBytesOf(sizeBytes: number, copyBytes: number): number {
  return Math.max(copyBytes, Math.ceil(sizeBytes / maxParts))
}

/** An object of one state. */
type Place = CopyPlace & FoundSource & { readonly ifSourceMatch: string }

async function copyParts(context: S3Context, place: Place, options: PutOptions): Promise<ObjectInfo> {
  return inParts(context, place.to, { options, carried: place.carried, store: (upload) => storeRanges(context, upload, { place, signal: options.signal }) })
}

interface RangeSource {
  readonly place: Place
  readonly signal: AbortSignal | undefined
}

async function storeRanges(context: S3Context, upload: Upload, { place, signal }: RangeSource): Promise<StoredParts> {
  const { sizeBytes } = place
  const parts: StoredPart[] = []
  const rangeBytes = rangeBytesOf(sizeBytes, context.limits.copyBytes)
  const count = Math.ceil(sizeBytes / rangeBytes)
  let next = 1
  const copyNext = async (): Promise<void> => {
    for (let number = next; number <= count; number = next) {
      next = number + 1
      const from = (number - 1) * rangeBytes
      parts.push(await copyPart(context, upload, { place, signal, number, from, to: Math.min(sizeBytes, from + rangeBytes) }))
    }
  }
  const results = await Promise.allSettled(Array.from({ length: Math.min(count, context.limits.partsAtOnce) }, copyNext))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return { parts: parts.sort((a, b) => a.PartNumber - b.PartNumber), sizeBytes }
}

interface Range extends RangeSource {
  readonly number: number
  readonly from: number
  readonly to: number
}

async function copyPart(context: S3Context, { key, id }: Upload, { place, signal, number, from, to }: Range): Promise<StoredPart> {
  const input = {
    ...at(context, key),
    UploadId: id,
    PartNumber: number,
    CopySource: sourceOf(context.config, place.from),
    CopySourceRange: `bytes=${from}-${to - 1}`,
    CopySourceIfMatch: quote(place.ifSourceMatch),
  }
  const sending = { op: 'copy', path: key, signal, kind: 'write', isStep: true, workMs: copyWorkMs(to - from) } as const
  const output = await send(context, sending, (call) => context.client.send(new context.sdk.UploadPartCopyCommand(input), call))
  const { ETag, ChecksumCRC32 } = output.CopyPartResult ?? {}
  if (ETag === undefined) throw new NexusError('unexpected', { op: 'copy', path: key, backend: 's3', reason: `The service copied part ${number} without telling its ETag.` })
  return { PartNumber: number, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) }
}
