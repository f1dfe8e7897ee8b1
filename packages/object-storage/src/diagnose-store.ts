import { type CallOptions, type Diagnosis, isNexusError, type StorageRule } from '@nexus/core/contract'
import type { LifecycleRule, ObjectStore } from './object-store.ts'

/** The rules of a bucket that take away what is below a prefix, for `diagnose` of a backend. A store that does not open is part of the answer. */
export async function lifecycleRules(open: () => Promise<ObjectStore>, { signal }: CallOptions = {}): Promise<Diagnosis['rules']> {
  try {
    const store = await open()
    try {
      return toStorageRules(await store.lifecycle?.({ signal }))
    } finally {
      await store.close()
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!isNexusError(error)) throw error
    return { unknown: error.reason }
  }
}

function toStorageRules(rules: readonly LifecycleRule[] | undefined): Diagnosis['rules'] {
  if (rules === undefined) return { unknown: 'These credentials may not look at the lifecycle rules of the bucket.' }
  return rules.flatMap(({ id, prefix, action, afterDays }): StorageRule[] => (action === 'expire' || action === 'archive' ? [{ id, prefix, action, afterDays }] : []))
}
