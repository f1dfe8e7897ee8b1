import { createHash } from 'node:crypto'
import { type CallOptions, NexusError } from '@nexus/core/contract'
import { at, type S3Context } from './context.ts'
import { s3CodeOf } from './errors.ts'
import { quote } from './info.ts'
import { sendsChecksums } from './put.ts'
import { send } from './send.ts'

/** Keys of one DeleteObjects. */
const maxBatch = 1000
/** Keys that an XML 1.0 document cannot hold go one by one. */
const unwritable = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/

/** Absent is success. @throws NexusError naming the keys that stayed */
export async function remove(context: S3Context, keys: readonly string[], options: CallOptions = {}): Promise<void> {
  const [single] = keys
  if (single !== undefined && keys.length === 1) {
    await removeOne(context, single, options)
    return
  }
  const writable = keys.filter((key) => !unwritable.test(key))
  for (let from = 0; from < writable.length; from += maxBatch) await removeBatch(context, writable.slice(from, from + maxBatch), options)
  for (const key of keys.filter((key) => unwritable.test(key))) await removeOne(context, key, options)
}

/** Only when it has this etag. @throws NexusError `precondition_failed` */
export async function removeMatching(context: S3Context, { key, etag }: { key: string; etag: string }, { signal }: CallOptions = {}): Promise<void> {
  const gone = (error: unknown): unknown => {
    if (s3CodeOf(error) !== 'NoSuchKey') return undefined
    const reason = 'The object that the condition asks for is not there.'
    return new NexusError('precondition_failed', { op: 'delete', path: key, backend: 's3', reason, cause: error })
  }
  await send(context, { op: 'delete', path: key, signal, changes: true, repeat: 'refused', otherwise: gone }, (call) =>
    context.client.send(new context.sdk.DeleteObjectCommand({ ...at(context, key), IfMatch: quote(etag) }), call),
  )
}

async function removeOne(context: S3Context, key: string, { signal }: CallOptions): Promise<void> {
  await send(context, { op: 'delete', path: key, signal, changes: true }, (call) => context.client.send(new context.sdk.DeleteObjectCommand(at(context, key)), call))
}

/** What stayed for a reason that may pass goes into the next attempt alone. */
async function removeBatch(context: S3Context, keys: readonly string[], { signal }: CallOptions): Promise<void> {
  const { sdk, client, config, name } = context
  let left = keys
  await send(context, { op: 'delete', path: name, signal, changes: true }, async (call) => {
    const command = new sdk.DeleteObjectsCommand({ Bucket: config.bucket, Delete: { Quiet: true, Objects: left.map((key) => ({ Key: key })) } })
    if (!sendsChecksums(context)) signWithMd5(command)
    const output = await client.send(command, call)
    const stayed = (output.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey')
    if (stayed.length === 0) return
    left = stayed.map(({ Key = '' }) => Key)
    throw whatStayed(stayed, { name, count: keys.length })
  })
}

interface Stayed {
  readonly Key?: string | undefined
  readonly Code?: string | undefined
}

function whatStayed(stayed: readonly Stayed[], { name, count }: { readonly name: string; readonly count: number }): NexusError {
  // One that would stay each time says so, whatever the others say.
  const [first] = stayed.toSorted((a, b) => Number(codeOf(a) === 'unavailable') - Number(codeOf(b) === 'unavailable'))
  const names = stayed.slice(0, 10).map(({ Key, Code }) => `${Key ?? ''} (${Code ?? ''})`).join(', ')
  const reason = `${stayed.length} of ${count} objects stayed: ${names}${stayed.length > 10 ? ' ...' : ''}.`
  return new NexusError(codeOf(first ?? {}), { op: 'delete', path: first?.Key ?? name, backend: 's3', reason })
}

function codeOf({ Code }: Stayed): 'permission_denied' | 'unavailable' {
  return Code === 'AccessDenied' ? 'permission_denied' : 'unavailable'
}

/** DeleteObjects must carry a checksum; services that know no `x-amz-checksum-` know `Content-MD5`. */
function signWithMd5(command: InstanceType<S3Context['sdk']['DeleteObjectsCommand']>): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string>; body: string | Uint8Array }
      const kept = Object.entries(request.headers).filter(([name]) => !/^x-amz-(?:sdk-)?checksum-/i.test(name))
      request.headers = { ...Object.fromEntries(kept), 'content-md5': createHash('md5').update(request.body).digest('base64') }
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'signWithMd5' },
  )
}
