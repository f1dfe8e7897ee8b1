import type { CallOptions } from '@nexus/core/contract'
import type { ObjectInfo } from '@nexus/object-storage'
import type { GcsContext } from './context.ts'
import { isObjectAbsent } from './errors.ts'
import { checkKey, objectPath } from './keys.ts'
import { carriedFields, carriedOf, objectFields, type ObjectResource, toResource } from './object-info.ts'
import { sendForJson } from './send.ts'

interface HeadOptions extends CallOptions {
  readonly version?: string | undefined
  /** Conditions, as query parameters. */
  readonly conditions?: Readonly<Record<string, string>> | undefined
  /** Default: the context's own. */
  readonly bucket?: string | undefined
}

/** `objects.get` without the bytes (https://cloud.google.com/storage/docs/json_api/v1/objects/get). */
export async function head(context: GcsContext, key: string, options: HeadOptions = {}): Promise<ObjectInfo | undefined> {
  return (await headResource(context, key, options))?.info
}

/** An object's resource, with what a copy has to be told. */
export interface HeadResource extends ObjectResource {
  readonly carried: Readonly<Record<string, string>>
}

/** As {@link head}, with what only this backend needs to know. */
export async function headResource(context: GcsContext, key: string, { version, conditions, bucket = context.config.bucket, signal }: HeadOptions): Promise<HeadResource | undefined> {
  const place = { op: 'head', key }
  checkKey(place)
  if (version !== undefined && !isGeneration(version)) return undefined
  const query = { fields: `${objectFields},${carriedFields.join(',')}`, generation: version, ...conditions }
  const value = await sendForJson(context, { method: 'GET', path: objectPath({ bucket }, key), query, place, effect: 'none', signal, isAbsent: isObjectAbsent })
  return value === undefined ? undefined : { ...toResource(context, value, { place, code: 'unavailable' }), carried: carriedOf(value) }
}

/** Whether a version can be one of GCS'; any other names nothing. */
export function isGeneration(version: string): boolean {
  return /^\d{1,19}$/.test(version)
}
