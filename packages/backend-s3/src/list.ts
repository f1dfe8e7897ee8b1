import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { NexusError } from '@nexus/core/contract'
import type { ListPagesOptions, ObjectInfo, ObjectPage } from '@nexus/object-storage'
import type { S3Context } from './context.ts'
import { s3CodeOf } from './errors.ts'
import { unquote } from './info.ts'
import { send } from './send.ts'

/** One page a request. @throws NexusError `not_found` where there is no such bucket, `unexpected` for a service that goes in circles */
export async function* list(context: S3Context, options: ListPagesOptions): AsyncGenerator<ObjectPage> {
  let token: string | undefined
  let last = options.startAfter ?? ''
  const tokens = new Set<string>()
  do {
    const output = await requestPage(context, options, token)
    const page = toPage(output, options)
    checkOrder(context, page, last)
    last = lastOf(page) ?? last
    token = output.IsTruncated === true ? output.NextContinuationToken : undefined
    if (output.IsTruncated === true && (token === undefined || tokens.has(token))) throw circle(context, 'gives the same page again')
    if (token !== undefined) tokens.add(token)
    yield page
  } while (token !== undefined)
}

async function requestPage(context: S3Context, { prefix, delimiter, startAfter, pageSize, signal }: ListPagesOptions, token: string | undefined): Promise<ListObjectsV2CommandOutput> {
  const input = {
    Bucket: context.config.bucket,
    EncodingType: 'url' as const,
    ...(prefix !== '' && { Prefix: prefix }),
    ...(delimiter !== undefined && { Delimiter: delimiter }),
    ...(startAfter !== undefined && startAfter !== '' && { StartAfter: startAfter }),
    ...(pageSize !== undefined && { MaxKeys: Math.min(pageSize, 1000) }),
    ...(token !== undefined && { ContinuationToken: token }),
  }
  const otherwise = (error: unknown): unknown => {
    if (s3CodeOf(error) !== 'NoSuchBucket') return undefined
    const reason = 'The bucket does not exist at this endpoint.'
    return new NexusError('not_found', { op: 'list', path: context.name, backend: 's3', reason, cause: error })
  }
  return send(context, { op: 'list', path: context.name, signal, kind: 'list', isStep: true, otherwise }, (call) => context.client.send(new context.sdk.ListObjectsV2Command(input), call))
}

function toPage(output: ListObjectsV2CommandOutput, { startAfter }: ListPagesOptions): ObjectPage {
  // A service that does not know the encoding does not tell it.
  const decode = output.EncodingType === 'url' ? decodeKey : (key: string): string => key
  const objects: ObjectInfo[] = (output.Contents ?? []).map(({ Key, Size, ETag, LastModified }) => ({
    key: decode(Key ?? ''),
    sizeBytes: Size ?? 0,
    etag: unquote(ETag),
    modifiedAt: LastModified ?? new Date(0),
  }))
  const prefixes = (output.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix ?? ''))
  // S3 rolls up what is behind `startAfter` into a prefix that is not.
  return { objects, prefixes: startAfter === undefined ? prefixes : prefixes.filter((prefix) => compareKeys(prefix, startAfter) > 0) }
}

function checkOrder(context: S3Context, { objects, prefixes }: ObjectPage, last: string): void {
  for (const keys of [objects.map(({ key }) => key), prefixes]) {
    let before = last
    for (const key of keys) {
      if (compareKeys(key, before) <= 0) throw circle(context, `tells "${key}" behind "${before}"`)
      before = key
    }
  }
}

function lastOf({ objects, prefixes }: ObjectPage): string | undefined {
  const [key, prefix] = [objects.at(-1)?.key, prefixes.at(-1)]
  if (key === undefined || prefix === undefined) return key ?? prefix
  return compareKeys(key, prefix) > 0 ? key : prefix
}

function circle({ name }: S3Context, what: string): NexusError {
  return new NexusError('unexpected', { op: 'list', path: name, backend: 's3', reason: `The listing ${what}; the service does not list as S3 does.` })
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}

/** By UTF-8 bytes, which UTF-16 orders otherwise beyond U+D7FF. */
function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
