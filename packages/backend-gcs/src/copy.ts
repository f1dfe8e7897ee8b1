import type { ObjectInfo, ObjectStore } from '@nexus/object-storage'
import { conditionQuery, sourceMatchQuery } from './conditions.ts'
import type { GcsContext, Place } from './context.ts'
import { failure, isObjectAbsent } from './errors.ts'
import { headResource } from './head.ts'
import { checkKey, objectPath } from './keys.ts'
import { objectFields, toResource } from './object-info.ts'
import { attributesOf } from './put.ts'
import { member } from './read-refusal.ts'
import { sendForJson } from './send.ts'

type CopyOptions = NonNullable<Parameters<ObjectStore['copy']>[2]>

/** Where a copy goes, and under which conditions. */
interface Rewrite {
  readonly place: Place
  readonly from: string
  readonly query: Readonly<Record<string, string>>
  /** The target's attributes; empty keeps the source's. */
  readonly body: string
  readonly signal: AbortSignal | undefined
}

/** `objects.rewrite` to its end (https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite): large objects take several calls. */
export async function copy(context: GcsContext, { from, to }: { readonly from: string; readonly to: string }, options: CopyOptions = {}): Promise<ObjectInfo | undefined> {
  const place = { op: 'copy', key: to }
  checkKey(place)
  checkKey({ op: 'copy', key: from })
  const source = await chooseAttributes(context, from, options)
  if (source === undefined) return undefined
  const query = { ...conditionQuery(options.condition, place), ...source.query }
  return rewrite(context, { place, from, query, body: source.attributes === undefined ? '' : JSON.stringify({ ...source.attributes, name: undefined }), signal: options.signal })
}

interface Source {
  readonly attributes: Record<string, unknown> | undefined
  readonly query: Readonly<Record<string, string>>
}

/** The service takes either all attributes from the source or none: what is not given has to be read first, and the source held to that state. */
async function chooseAttributes(context: GcsContext, from: string, options: CopyOptions): Promise<Source | undefined> {
  const place = { op: 'copy', key: from }
  const query = options.ifSourceMatch === undefined ? {} : sourceMatchQuery(options.ifSourceMatch, place)
  if (options.contentType === undefined && options.metadata === undefined && context.config.storageClass === undefined) return { attributes: undefined, query }
  if (options.contentType !== undefined && options.metadata !== undefined) return { attributes: attributesOf(context, from, options), query }
  const source = await headResource(context, from, { signal: options.signal })
  if (source === undefined) return undefined
  const { contentType = source.info.contentType, metadata = source.info.metadata } = options
  return { attributes: attributesOf(context, from, { contentType, metadata }), query: { ...sourceMatchQuery(source.info.etag, place), ...query } }
}

async function rewrite(context: GcsContext, { place, from, query, body, signal }: Rewrite): Promise<ObjectInfo | undefined> {
  const { config } = context
  const path = `${objectPath(config, from)}/rewriteTo/b/${encodeURIComponent(config.bucket)}/o/${encodeURIComponent(place.key)}`
  const headers = { 'content-type': 'application/json; charset=UTF-8' }
  let rewriteToken: string | undefined
  let rewrittenBytes = -1
  for (;;) {
    const fields = `done,rewriteToken,totalBytesRewritten,resource(${objectFields})`
    const value = await sendForJson(context, { method: 'POST', path, query: { ...query, rewriteToken, fields }, headers, body, place, effect: 'change', signal, isAbsent: isObjectAbsent })
    if (value === undefined) return undefined
    if (member(value, 'done') === true) return toResource(context, member(value, 'resource'), { place, code: 'outcome_unknown' }).info
    const progress = Number(member(value, 'totalBytesRewritten'))
    const token = member(value, 'rewriteToken')
    if (typeof token !== 'string' || !(progress > rewrittenBytes)) throw failure('unexpected', place, 'The service copies on and on without coming further. Copy it by reading and writing.')
    rewriteToken = token
    rewrittenBytes = progress
  }
}
