import type { Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { createPace, isNexusError, NexusError } from '@nexus/core/contract'
import type { GetOptions, ObjectBody } from '@nexus/object-storage'
import { emptyStream, expectedChecksum, toBodyStream } from './body.ts'
import { askForChecksum } from './client.ts'
import { at, type S3Context } from './context.ts'
import { s3CodeOf, statusOf } from './errors.ts'
import { head } from './head.ts'
import { quote, toObjectInfo } from './info.ts'
import { send } from './send.ts'

/** @returns `undefined` where there is no such object or version. @throws NexusError `precondition_failed` */
export async function get(context: S3Context, key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
  const { range, signal } = options
  if (range?.length === 0) return nothingOf(context, key, options)
  try {
    const output = await send(context, { op: 'get', path: key, signal, otherwise: (error) => outcomeOf(error, options) }, (call) =>
      context.client.send(getCommand(context, key, options), call),
    )
    checkRange(key, output, options)
    const info = toObjectInfo(key, output, context.answeredAt(output))
    const checksum = range === undefined ? expectedChecksum(output) : undefined
    const pace = createPace({ windowMs: context.limits.idleTimeoutMs, now: context.now, startTimer: context.startTimer })
    // The SDK gives Node's own stream under Node.
    return { info, stream: toBodyStream(output.Body as Readable, { op: 'get', path: key, signal, sizeBytes: output.ContentLength, checksum, pace }) }
  } catch (error) {
    if (error === absent) return undefined
    if (error === behindTheEnd) return behind(context, key, options)
    throw error
  }
}

const absent: unique symbol = Symbol('absent')
const behindTheEnd: unique symbol = Symbol('behind the end')

function outcomeOf(error: unknown, { version }: GetOptions): symbol | undefined {
  const code = s3CodeOf(error)
  if (code === 'NoSuchKey' || code === 'NoSuchVersion') return absent
  if (version !== undefined && (statusOf(error) === 405 || code === 'InvalidArgument')) return absent
  return statusOf(error) === 416 ? behindTheEnd : undefined
}

/** A range of no bytes: S3 has no way to ask for one. */
async function nothingOf(context: S3Context, key: string, { ifMatch, version, signal }: GetOptions): Promise<ObjectBody | undefined> {
  const info = await head(context, key, { ifMatch, version, signal })
  return info === undefined ? undefined : { info, stream: emptyStream() }
}

/** Nothing, unless the object grew between the two requests: then what it has in the range now. */
async function behind(context: S3Context, key: string, options: GetOptions): Promise<ObjectBody | undefined> {
  const nothing = await nothingOf(context, key, options)
  if (nothing === undefined || options.ifMatch !== undefined || (options.range?.offset ?? 0) >= nothing.info.sizeBytes) return nothing
  try {
    return await get(context, key, { ...options, ifMatch: nothing.info.etag })
  } catch (error) {
    if (!isNexusError(error, 'precondition_failed')) throw error
    throw new NexusError('busy', { op: 'get', path: key, backend: 's3', reason: 'The object was replaced again and again while it was read; read it again.', cause: error })
  }
}

function getCommand(context: S3Context, key: string, { range, ifMatch, version }: GetOptions): InstanceType<S3Context['sdk']['GetObjectCommand']> {
  const input = askForChecksum({
    ...at(context, key),
    ...(range !== undefined && { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }),
    ...(ifMatch !== undefined && { IfMatch: quote(ifMatch) }),
    ...(version !== undefined && { VersionId: version }),
  })
  return new context.sdk.GetObjectCommand(input)
}

/** A service that ignores the range, or gives another, is found out before anybody takes its bytes for those asked for. */
function checkRange(key: string, { ContentRange, Body, ContentLength }: GetObjectCommandOutput, { range }: GetOptions): void {
  if (range === undefined) return
  const [, from, to, total] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? '') ?? []).map(Number)
  const end = Math.min(range.offset + range.length, total ?? 0)
  if (from === range.offset && to === end - 1 && ContentLength === end - from) return
  ;(Body as Readable | undefined)?.destroy()
  const reason = `Asked for ${range.length} bytes from ${range.offset} on, the service gave "${ContentRange ?? 'everything'}".`
  throw new NexusError('unexpected', { op: 'get', path: key, backend: 's3', reason })
}
