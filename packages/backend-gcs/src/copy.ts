import { isNexusError, type StoredFile } from '@nexus/core/contract'
import type { ObjectInfo, ObjectStore } from '@nexus/object-storage'
import { conditionQuery, sourceMatchQuery } from './conditions.ts'
import type { GcsContext, Place } from './context.ts'
import { failure, isObjectAbsent } from './errors.ts'
import { headResource } from './head.ts'
import { checkKey, objectPath } from './keys.ts'
import { objectFields, toResource } from './object-info.ts'
import { member } from './read-refusal.ts'
import { sendForJson } from './send.ts'

type CopyOptions = NonNullable<Parameters<ObjectStore['copy']>[2]>

/** Where the object lies that is copied. */
interface CopySource {
  readonly bucket: string
  readonly key: string
}

/** Where a copy goes, and under which conditions. */
interface Rewrite {
  readonly place: Place
  readonly from: CopySource
  readonly query: Readonly<Record<string, string>>
  /** All that is said of the target; empty keeps what is said of the source. */
  readonly body: string
  readonly signal: AbortSignal | undefined
}

/** `objects.rewrite` to its end (https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite): large objects take several calls. */
export async function copy(context: GcsContext, { from, to }: { readonly from: CopySource; readonly to: string }, options: CopyOptions = {}): Promise<ObjectInfo | undefined> {
  const place = { op: 'copy', key: to }
  checkKey(place)
  checkKey({ op: 'copy', key: from.key })
  const source = await chooseAttributes(context, from, options)
  if (source === undefined) return undefined
  const query = { ...conditionQuery(options.condition, place), ...source.query }
  try {
    return await rewrite(context, { place, from, query, body: source.attributes === undefined ? '' : JSON.stringify(source.attributes), signal: options.signal })
  } catch (error) {
    if (options.ifSourceMatch !== undefined || options.condition !== undefined || !isNexusError(error, 'precondition_failed')) throw error
    throw failure('busy', place, `${from.key} was replaced while it was copied; copy it again.`)
  }
}

/** Names the service for those who copy inside it. */
export function serviceOf({ config }: GcsContext): string {
  return `gcs ${config.endpoint}`
}

/**
 * From another bucket, of whatever project and place.
 * @returns `undefined` for another service, and where this account may not read there
 * @throws NexusError as {@link copy}; `not_found` where there is no source
 */
export async function copyFrom(context: GcsContext, { source, to }: { readonly source: StoredFile; readonly to: string }, options: CopyOptions = {}): Promise<ObjectInfo | undefined> {
  if (source.service !== serviceOf(context)) return undefined
  try {
    const copied = await copy(context, { from: { bucket: source.container, key: source.key }, to }, options)
    if (copied === undefined) throw failure('not_found', { op: 'copy', key: source.key }, `There is no such object in ${source.container} any more.`)
    return copied
  } catch (error) {
    if (isNexusError(error, 'permission_denied') || isNexusError(error, 'unauthenticated')) return undefined
    throw error
  }
}

interface Source {
  readonly attributes: Record<string, unknown> | undefined
  readonly query: Readonly<Record<string, string>>
}

/** The service takes either all that is said of the source or none of it: what is not given has to be read first, and the source held to that state. */
async function chooseAttributes(context: GcsContext, from: CopySource, options: CopyOptions): Promise<Source | undefined> {
  const place = { op: 'copy', key: from.key }
  const query = options.ifSourceMatch === undefined ? {} : sourceMatchQuery(options.ifSourceMatch, place)
  const { storageClass } = context.config
  if (options.contentType === undefined && options.metadata === undefined && storageClass === undefined) return { attributes: undefined, query }
  const source = await headResource(context, from.key, { bucket: from.bucket, signal: options.signal })
  if (source === undefined) return undefined
  const { contentType = source.info.contentType, metadata = source.info.metadata } = options
  return { attributes: { ...source.carried, contentType, metadata, ...(storageClass !== undefined && { storageClass }) }, query: { ...sourceMatchQuery(source.info.etag, place), ...query } }
}

async function rewrite(context: GcsContext, { place, from, query, body, signal }: Rewrite): Promise<ObjectInfo | undefined> {
  const { config } = context
  const path = `${objectPath(from, from.key)}/rewriteTo/b/${encodeURIComponent(config.bucket)}/o/${encodeURIComponent(place.key)}`
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
