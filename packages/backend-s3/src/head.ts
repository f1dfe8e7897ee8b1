import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { type CallOptions, NexusError } from '@nexus/core/contract'
import type { ObjectInfo } from '@nexus/object-storage'
import { at, type S3Context } from './context.ts'
import { statusOf } from './errors.ts'
import { quote, toObjectInfo } from './info.ts'
import { send } from './send.ts'

/** What HEAD may be asked. */
export interface HeadOptions extends CallOptions {
  readonly version?: string | undefined
  readonly ifMatch?: string | undefined
  /** Another bucket of the service, which somebody else knows to be there. */
  readonly bucket?: string | undefined
  /** As of `send`. */
  readonly isStep?: boolean | undefined
}

/** @returns `undefined` where there is no such object or version. @throws NexusError `unavailable` where there is no such bucket */
export async function head(context: S3Context, key: string, options: HeadOptions = {}): Promise<ObjectInfo | undefined> {
  const output = await headOutput(context, key, options)
  return output === undefined ? undefined : toObjectInfo(key, output, context.answeredAt(output))
}

/** {@link head} with all that the service tells. */
export async function headOutput(context: S3Context, key: string, { version, ifMatch, bucket, isStep, signal }: HeadOptions = {}): Promise<HeadObjectCommandOutput | undefined> {
  const absent = {}
  const input = { ...at(context, key), ...(bucket !== undefined && { Bucket: bucket }), ...(version !== undefined && { VersionId: version }), ...(ifMatch !== undefined && { IfMatch: quote(ifMatch) }) }
  try {
    // A version that cannot be is 400, one that is a deletion 405.
    const gone = version === undefined ? [404] : [404, 405, 400]
    return await send(context, { op: 'head', path: key, signal, isStep, otherwise: (error) => (gone.includes(statusOf(error) ?? 0) ? absent : undefined) }, (call) =>
      context.client.send(new context.sdk.HeadObjectCommand(input), call),
    )
  } catch (error) {
    if (error !== absent) throw error
    if (bucket === undefined) await checkBucket(context, { signal })
    return undefined
  }
}

/** HEAD's 404 has no document that says what is missing: once, the bucket is asked for. @throws NexusError `unavailable` */
export async function checkBucket(context: S3Context, { signal }: CallOptions): Promise<void> {
  if (context.learnt.bucketExists) return
  const missing = (error: unknown): unknown => {
    if (statusOf(error) !== 404) return undefined
    const reason = 'The bucket does not exist at this endpoint; check its name and the endpoint.'
    return new NexusError('unavailable', { op: 'head', path: context.name, backend: 's3', reason, cause: error })
  }
  await send(context, { op: 'head', path: context.name, signal, isStep: true, otherwise: missing }, (call) =>
    context.client.send(new context.sdk.HeadBucketCommand({ Bucket: context.config.bucket }), call),
  )
}
