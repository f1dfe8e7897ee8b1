import type { ObjectInfo } from '@nexus/object-storage'
import { fromS3Metadata } from './attributes.ts'

/** What the answers of GET and HEAD have in common. */
export interface DescribedOutput {
  readonly ETag?: string | undefined
  readonly LastModified?: Date | undefined
  readonly ContentLength?: number | undefined
  readonly ContentRange?: string | undefined
  readonly ContentType?: string | undefined
  readonly Metadata?: Record<string, string> | undefined
  readonly VersionId?: string | undefined
}

/** The object that an answer describes. @param at Time of the answer, for services that tell no Last-Modified */
export function toObjectInfo(key: string, output: DescribedOutput, at: Date): ObjectInfo {
  const { ETag, LastModified, ContentLength, ContentRange, ContentType, Metadata, VersionId } = output
  const total = /\/(\d+)$/.exec(ContentRange ?? '')?.[1]
  return {
    key,
    sizeBytes: total === undefined ? (ContentLength ?? 0) : Number(total),
    etag: unquote(ETag),
    modifiedAt: LastModified ?? at,
    contentType: ContentType,
    metadata: fromS3Metadata(Metadata),
    version: toVersion(VersionId),
  }
}

/** ETags without their quotes, which some services leave out in listings. */
export function unquote(etag: string | undefined): string {
  return (etag ?? '').replace(/^"(.*)"$/, '$1')
}

/** As `If-Match` wants it. */
export const quote = (etag: string): string => `"${etag}"`

/** `null` is the version of what was stored while the bucket kept none. */
export function toVersion(versionId: string | undefined): string | undefined {
  return versionId === undefined || versionId === '' ? undefined : versionId
}
