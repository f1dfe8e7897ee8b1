import type { PutOptions } from '@nexus/object-storage'
import { toS3Metadata } from './attributes.ts'
import type { Carried } from './carried.ts'
import type { S3Config } from './config.ts'
import { at, type S3Context } from './context.ts'
import { conditioned, kept } from './describe-new.ts'
import { changing, conditionLost } from './put.ts'
import { quote, toVersion, unquote } from './info.ts'
import { send } from './send.ts'

/** Where an object lies that is copied. */
export interface CopySource {
  /** Default: the context's own. */
  readonly bucket?: string | undefined
  readonly key: string
}

/** Where from, and in which state. */
export interface CopyPlace {
  readonly from: CopySource
  readonly to: string
  readonly ifSourceMatch?: string | undefined
}

/** What was found there. */
export interface FoundSource {
  readonly sizeBytes: number
  readonly carried: Carried
}

/** How long the service may copy, in milliseconds: 10 MiB each second, within a service. */
export const copyWorkMs = (sizeBytes: number): number => (sizeBytes / (10 * 1024 ** 2)) * 1000

/** What a copy became. */
export interface Copied {
  readonly etag: string
  readonly modifiedAt: Date
  readonly version: string | undefined
}

/** CopyObject: in one request, at most 5 GiB. Without `metadata` the attributes go along, and what else describes the source. */
export async function copyObject(context: S3Context, { from, to, ifSourceMatch, sizeBytes, carried }: CopyPlace & FoundSource, options: PutOptions): Promise<Copied> {
  const { metadata, contentType } = options
  const input = {
    ...at(context, to),
    CopySource: sourceOf(context.config, from),
    ...(ifSourceMatch !== undefined && { CopySourceIfMatch: quote(ifSourceMatch) }),
    ...carried.placed,
    ...(metadata !== undefined && { MetadataDirective: 'REPLACE' as const, Metadata: toS3Metadata(metadata), ...carried.described }),
    ...(metadata !== undefined && contentType !== undefined && { ContentType: contentType }),
    ...kept(context.config),
    ...conditioned(options),
  }
  const output = await send(context, { op: 'copy', path: to, signal: options.signal, ...changing(options), workMs: copyWorkMs(sizeBytes), otherwise: (error) => conditionLost(error, to, options) }, (call) =>
    context.client.send(new context.sdk.CopyObjectCommand(input), call),
  )
  return { etag: unquote(output.CopyObjectResult?.ETag), modifiedAt: output.CopyObjectResult?.LastModified ?? context.answeredAt(output), version: toVersion(output.VersionId) }
}

/** `bucket/key`, percent-encoded, as the header wants it; below an access point `object/key`. */
export function sourceOf(config: S3Config, { bucket = config.bucket, key }: CopySource): string {
  return `${bucket}${bucket.startsWith('arn:') ? '/object/' : '/'}${key.split('/').map(encodeURIComponent).join('/')}`
}
