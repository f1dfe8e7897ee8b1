import type { CallOptions } from '@nexus/core/contract'
import type { LifecycleRule } from '@nexus/object-storage'
import type { GcsContext } from './context.ts'
import { failure, isBucketAbsent, type Refusal } from './errors.ts'
import { bucketPath } from './keys.ts'
import { member } from './read-refusal.ts'
import { sendForJson } from './send.ts'

/** `buckets.get` (https://cloud.google.com/storage/docs/json_api/v1/buckets/get). @returns `undefined` where one may not look: roles for objects alone do not include it */
async function getBucket(context: GcsContext, fields: string, { signal }: CallOptions): Promise<unknown> {
  const place = { op: 'open', key: '' }
  const isAbsent = (refusal: Refusal): boolean => {
    if (isBucketAbsent(refusal)) throw failure('unavailable', place, `The bucket ${context.config.bucket} does not exist. Create it, or check its name.`)
    return (refusal.status === 403 && refusal.reason === 'forbidden') || (refusal.status === 401 && context.tokens === undefined)
  }
  return sendForJson(context, { method: 'GET', path: bucketPath(context.config), query: { fields }, place, effect: 'none', as: 'step', signal, isAbsent })
}

/** Whether the bucket keeps replaced and deleted objects as versions; not, where one may not look. */
export async function askVersioning(context: GcsContext, options: CallOptions): Promise<boolean> {
  return member(member(await getBucket(context, 'versioning', options), 'versioning'), 'enabled') === true
}

/** https://cloud.google.com/storage/docs/lifecycle */
export async function lifecycle(context: GcsContext, options: CallOptions = {}): Promise<readonly LifecycleRule[] | undefined> {
  const bucket = await getBucket(context, 'lifecycle', options)
  if (bucket === undefined) return undefined
  const rules = member(member(bucket, 'lifecycle'), 'rule')
  return Array.isArray(rules) ? rules.flatMap((rule: unknown, index) => toRules(rule, `rule ${index + 1}`)) : []
}

function toRules(rule: unknown, id: string): LifecycleRule[] {
  const condition = member(rule, 'condition')
  const age = member(condition, 'age')
  const prefixes = member(condition, 'matchesPrefix')
  const action = toAction(member(rule, 'action'), condition)
  const each = Array.isArray(prefixes) && prefixes.length > 0 ? prefixes.filter((prefix) => typeof prefix === 'string') : ['']
  return each.map((prefix) => ({ id, prefix, action, ...(typeof age === 'number' && { afterDays: age }) }))
}

/** Conditions that only versions meet which are no longer live: such a rule takes nothing that is in use. */
const noncurrentConditions = ['numNewerVersions', 'daysSinceNoncurrentTime', 'noncurrentTimeBefore']

/** Cheap to keep, dear to read (https://cloud.google.com/storage/docs/storage-classes). */
const archives: readonly unknown[] = ['COLDLINE', 'ARCHIVE']

function toAction(action: unknown, condition: unknown): LifecycleRule['action'] {
  const type = member(action, 'type')
  const isNoncurrent = member(condition, 'isLive') === false || noncurrentConditions.some((name) => member(condition, name) !== undefined)
  if (type === 'AbortIncompleteMultipartUpload') return 'abort-uploads'
  if (isNoncurrent) return 'other'
  if (type === 'Delete') return 'expire'
  return type === 'SetStorageClass' && archives.includes(member(action, 'storageClass')) ? 'archive' : 'other'
}
