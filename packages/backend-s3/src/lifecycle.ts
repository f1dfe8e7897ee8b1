import type { LifecycleRule as SdkRule } from '@aws-sdk/client-s3'
import type { CallOptions } from '@nexus/core/contract'
import type { LifecycleRule } from '@nexus/object-storage'
import type { S3Context } from './context.ts'
import { s3CodeOf } from './errors.ts'
import { send } from './send.ts'

/** Rules of the bucket that are turned on; `undefined` where one may not look. */
export async function lifecycle(context: S3Context, { signal }: CallOptions = {}): Promise<readonly LifecycleRule[] | undefined> {
  const outcomes: Readonly<Record<string, { readonly rules: readonly LifecycleRule[] | undefined }>> = {
    NoSuchLifecycleConfiguration: { rules: [] },
    AccessDenied: { rules: undefined },
    NotImplemented: { rules: undefined },
    MethodNotAllowed: { rules: undefined },
  }
  try {
    const output = await send(context, { op: 'lifecycle', path: context.name, signal, isStep: true, otherwise: (error) => outcomes[s3CodeOf(error) ?? ''] }, (call) =>
      context.client.send(new context.sdk.GetBucketLifecycleConfigurationCommand({ Bucket: context.config.bucket }), call),
    )
    return (output.Rules ?? []).filter(({ Status }) => Status === 'Enabled').flatMap(toRules)
  } catch (error) {
    const outcome = Object.values(outcomes).find((known) => known === error)
    if (outcome === undefined) throw error
    return outcome.rules
  }
}

/** What lies there has to be restored before it can be read; the other classes are read as ever (Amazon S3 user guide, "Understanding S3 storage classes"). */
const archives: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/** One rule of S3 may do several things. One for objects with tags takes what somebody has tagged: nothing of ours, and of others what is meant. */
function toRules(rule: SdkRule): LifecycleRule[] {
  // Prefix of the rule itself: the form before filters (Amazon S3 API reference, "LifecycleRule").
  const legacy = (rule as { readonly Prefix?: string }).Prefix
  const common = { id: rule.ID ?? '', prefix: rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? legacy ?? '' }
  const isForAll = rule.Filter?.Tag === undefined && (rule.Filter?.And?.Tags ?? []).length === 0
  const rules: LifecycleRule[] = (rule.Transitions ?? []).map(({ Days, StorageClass = '' }) => ({ ...common, action: isForAll && archives.has(StorageClass) ? 'archive' : 'other', afterDays: Days }))
  const expires = rule.Expiration?.Days !== undefined || rule.Expiration?.Date !== undefined
  if (expires) rules.push({ ...common, action: isForAll ? 'expire' : 'other', afterDays: rule.Expiration?.Days })
  const uploads = rule.AbortIncompleteMultipartUpload
  if (uploads !== undefined) rules.push({ ...common, action: 'abort-uploads', afterDays: uploads.DaysAfterInitiation })
  const touchesOld = rule.NoncurrentVersionExpiration !== undefined || (rule.NoncurrentVersionTransitions ?? []).length > 0
  if (touchesOld) rules.push({ ...common, action: 'other', afterDays: rule.NoncurrentVersionExpiration?.NoncurrentDays })
  return rules
}
