import { isNexusError, NexusError } from '@nexus/core/contract'
import { repeatedly } from './attempts.ts'
import { type BucketContext, randomHex } from './context.ts'

/** Why nothing is written to a service without create-only writes. */
export function oneWriterReason(name: string): string {
  return `${name} does not keep create-only writes, by which several writers are ordered. Where nobody else writes to it, mount it with writers=one.`
}

/**
 * Sees that the service refuses to create what exists: one that ignores the condition would let two writers take one number. One request before the first
 * commit of a process; none where the mount promises one writer.
 * @param standing A key and what stands there, which may be put once more without harm.
 * @throws NexusError `read_only`
 */
export async function proveCreateOnly(context: BucketContext, standing: Standing, signal: AbortSignal | undefined): Promise<void> {
  if (context.isProven || context.hasOneWriter) return
  if (!context.store.conditions.absent || !(await refusesToCreate(context, standing, signal))) throw refusal(context)
  context.isProven = true
}

/** The same in an empty bucket: on an object that is there for this alone. */
export async function proveInEmpty(context: BucketContext, signal: AbortSignal | undefined): Promise<void> {
  const { store, hasOneWriter } = context
  if (hasOneWriter) return
  if (!store.conditions.absent) throw refusal(context)
  // A directory marker: who looks at the bucket in this moment does not take it for somebody's file.
  const key = `nexus-probe-${randomHex(context, 16)}/`
  const bytes = new Uint8Array(0)
  try {
    await repeatedly(context, signal, () => store.put(key, bytes, { signal }))
    await proveCreateOnly(context, { key, bytes }, signal)
  } finally {
    await repeatedly(context, undefined, () => store.delete([key]))
  }
}

interface Standing {
  readonly key: string
  readonly bytes: Uint8Array
}

async function refusesToCreate(context: BucketContext, { key, bytes }: Standing, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await repeatedly(context, signal, () => context.store.put(key, bytes, { condition: 'absent', signal }))
    return false
  } catch (error) {
    if (isNexusError(error, 'precondition_failed')) return true
    throw error
  }
}

function refusal({ store }: BucketContext): NexusError {
  return new NexusError('read_only', { op: 'commit', path: store.name, backend: store.scheme, reason: oneWriterReason(store.name) })
}
