import type { ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3'
import type { CallOptions } from '@nexus/core/contract'
import type { ObjectVersion } from '@nexus/object-storage'
import type { S3Context } from './context.ts'
import { unquote } from './info.ts'
import { send } from './send.ts'

/** Kept states of one object, newest first; deletions are no states. */
export async function* versions(context: S3Context, key: string, { signal }: CallOptions = {}): AsyncGenerator<ObjectVersion> {
  let marker: Marker | undefined = {}
  while (marker !== undefined) {
    const output = await requestPage(context, key, { signal, marker })
    for (const { Key, VersionId, IsLatest, Size, ETag, LastModified } of output.Versions ?? []) {
      if (Key !== key) continue
      yield { key, version: VersionId ?? 'null', isCurrent: IsLatest === true, sizeBytes: Size ?? 0, etag: unquote(ETag), modifiedAt: LastModified ?? new Date(0) }
    }
    // The key itself comes before all longer ones that begin with it.
    const isEnd = output.IsTruncated !== true || output.NextKeyMarker !== key
    marker = isEnd ? undefined : { KeyMarker: key, ...(output.NextVersionIdMarker !== undefined && { VersionIdMarker: output.NextVersionIdMarker }) }
  }
}

interface Marker {
  readonly KeyMarker?: string
  readonly VersionIdMarker?: string
}

async function requestPage(context: S3Context, key: string, { marker, signal }: CallOptions & { readonly marker: Marker }): Promise<ListObjectVersionsCommandOutput> {
  const input = { Bucket: context.config.bucket, Prefix: key, ...marker }
  return send(context, { op: 'versions', path: key, signal, kind: 'list', isStep: true }, (call) => context.client.send(new context.sdk.ListObjectVersionsCommand(input), call))
}

/** Whether the bucket keeps versions; where one may not ask, `false`. */
export async function keepsVersions(context: S3Context, { signal }: CallOptions): Promise<boolean> {
  const unknown = Symbol('unknown')
  try {
    const refused = (error: unknown): unknown => (isRefusal(error) ? unknown : undefined)
    const output = await send(context, { op: 'open', path: context.name, signal, isStep: true, otherwise: refused }, (call) =>
      context.client.send(new context.sdk.GetBucketVersioningCommand({ Bucket: context.config.bucket }), call),
    )
    return output.Status === 'Enabled'
  } catch (error) {
    if (error === unknown) return false
    throw error
  }
}

/** The permission is a separate one, and not every service knows the request. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && ['AccessDenied', 'NotImplemented', 'MethodNotAllowed'].includes(error.name)
}
