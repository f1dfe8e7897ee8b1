import { type Body, type FileStat, NexusError, type Path, type WriteOptions } from '@nexus/core/contract'
import type { PutOptions } from '../object-store.ts'
import { checkVariants } from './capabilities.ts'
import { checkTarget } from './check-target.ts'
import { chunkBody } from './chunk-body.ts'
import type { TreeContext } from './context.ts'
import { checkLength, guardBody, leastBytesAt, type LengthLimits } from './guard-body.ts'
import { toKey } from './keys.ts'
import { makeFile } from './make-file.ts'
import { refuseNested } from './nested.ts'
import { toFileStat } from './stat.ts'

/** Stores a body under the path's key: one request for a small one, in a directory that was seen a short time ago. */
export async function write(context: TreeContext, path: Path, body: Body, options: WriteOptions): Promise<FileStat> {
  try {
    return await checkAndPut(context, path, body, options)
  } catch (error) {
    // A source that nobody takes must not wait for a reader for ever. What it says to that is nothing to the caller, who hears why.
    if (!(body instanceof Uint8Array) && !body.locked) void body.cancel(error).catch(() => undefined)
    throw error
  }
}

async function checkAndPut(context: TreeContext, path: Path, body: Body, options: WriteOptions): Promise<FileStat> {
  checkVariants(context.capabilities, options)
  const limits = { maxSizeBytes: context.store.maxSizeBytes, sizeBytes: options.sizeBytes, least: leastBytesAt(path) }
  checkBefore(body, limits)
  const key = toKey(path)
  await refuseNested(context.nested, path, options)
  // What has the etag of ifMatch is a file, with directories above it: no look before.
  if (options.ifMatch === undefined || key === '') await checkTarget(context, path, options)
  const info = await makeFile(context, key, () => put(context, key, body, { ...options, limits }))
  return toFileStat(path, info)
}

function checkBefore(body: Body, limits: LengthLimits): void {
  if ((limits.sizeBytes ?? 0) > limits.maxSizeBytes) checkLength(limits.sizeBytes ?? 0, limits)
  if (body instanceof Uint8Array) checkLength(body.length, limits)
  else if (body.locked) throw new NexusError('invalid_argument', { reason: 'The body is a stream that somebody else reads already.' })
}

function put({ store, singlePutBytes }: TreeContext, key: string, body: Body, options: WriteOptions & { readonly limits: LengthLimits }): ReturnType<typeof store.put> {
  const { contentType, metadata, onVerified, signal } = options
  const given = { condition: toCondition(options), contentType, metadata, onVerified, signal }
  if (!(body instanceof Uint8Array)) return store.putStream(key, guardBody(body, options.limits), given)
  return body.length <= singlePutBytes ? store.put(key, body, given) : store.putStream(key, chunkBody(body), given)
}

function toCondition({ ifMatch, ifNoneMatch }: WriteOptions): PutOptions['condition'] {
  if (ifMatch === undefined) return ifNoneMatch === undefined ? undefined : 'absent'
  if (ifNoneMatch === undefined) return { ifMatch }
  throw new NexusError('precondition_failed', { reason: 'ifMatch asks for a file and ifNoneMatch for none: both together are never true.' })
}
