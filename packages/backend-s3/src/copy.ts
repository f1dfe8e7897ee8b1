import { isNexusError, NexusError, type StoredFile } from '@nexus/core/contract'
import type { ObjectInfo, PutOptions } from '@nexus/object-storage'
import { at, type S3Context } from './context.ts'
import { copyObject, type CopyPlace, sourceOf } from './copy-object.ts'
import { head } from './head.ts'
import { quote } from './info.ts'
import { inParts, type StoredPart, type StoredParts, type Upload } from './multipart.ts'
import { requireCondition } from './prove.ts'
import { send } from './send.ts'

/**
 * Inside the service: HEAD of the source, then one copy of just that state, or copies of its ranges above 5 GiB.
 * @returns `undefined` where there is no source
 * @throws NexusError `precondition_failed`; `busy` when the source was replaced between the two requests
 */
export async function copy(context: S3Context, { from, to, ifSourceMatch }: CopyPlace, options: PutOptions): Promise<ObjectInfo | undefined> {
  const source = await head(context, from.key, { bucket: from.bucket, ifMatch: ifSourceMatch, signal: options.signal })
  if (source === undefined) return undefined
  const isLarge = source.sizeBytes > context.limits.copyBytes
  await requireCondition(context, isLarge ? 'complete' : 'copy', options)
  // S3 replaces attributes and content type together or neither; an object in parts is described anew.
  const isDescribed = isLarge || options.metadata !== undefined || options.contentType !== undefined
  const { contentType, metadata } = { contentType: options.contentType ?? source.contentType, metadata: options.metadata ?? source.metadata ?? {} }
  const wanted: PutOptions = isDescribed ? { ...options, contentType, metadata } : options
  try {
    const place = { from, to, ifSourceMatch: source.etag }
    const copied = isLarge ? await copyParts(context, place, { source, options: wanted }) : await copyObject(context, place, wanted)
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

async function copyParts(context: S3Context, place: CopyPlace, { source, options }: { source: ObjectInfo; options: PutOptions }): Promise<ObjectInfo> {
  return inParts(context, place.to, { options, store: (upload) => storeRanges(context, upload, { place, source, signal: options.signal }) })
}

interface RangeSource {
  readonly place: CopyPlace
  readonly source: ObjectInfo
  readonly signal: AbortSignal | undefined
}

async function storeRanges(context: S3Context, upload: Upload, { place, source, signal }: RangeSource): Promise<StoredParts> {
  const parts: StoredPart[] = []
  const count = Math.ceil(source.sizeBytes / context.limits.copyBytes)
  let next = 1
  const copyNext = async (): Promise<void> => {
    for (let number = next; number <= count; number = next) {
      next = number + 1
      parts.push(await copyPart(context, upload, { place, source, signal, number }))
    }
  }
  const results = await Promise.allSettled(Array.from({ length: Math.min(count, context.limits.partsAtOnce) }, copyNext))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return { parts: parts.sort((a, b) => a.PartNumber - b.PartNumber), sizeBytes: source.sizeBytes }
}

async function copyPart(context: S3Context, { key, id }: Upload, { place, source, signal, number }: RangeSource & { readonly number: number }): Promise<StoredPart> {
  const from = (number - 1) * context.limits.copyBytes
  const to = Math.min(source.sizeBytes, from + context.limits.copyBytes) - 1
  const input = {
    ...at(context, key),
    UploadId: id,
    PartNumber: number,
    CopySource: sourceOf(context, place.from),
    CopySourceRange: `bytes=${from}-${to}`,
    CopySourceIfMatch: quote(source.etag),
  }
  const output = await send(context, { op: 'copy', path: key, signal, kind: 'write', isStep: true }, (call) => context.client.send(new context.sdk.UploadPartCopyCommand(input), call))
  const { ETag, ChecksumCRC32 } = output.CopyPartResult ?? {}
  if (ETag === undefined) throw new NexusError('unexpected', { op: 'copy', path: key, backend: 's3', reason: `The service copied part ${number} without telling its ETag.` })
  return { PartNumber: number, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) }
}
