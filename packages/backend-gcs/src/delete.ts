import { type CallOptions, NexusError, outcomeOf } from '@nexus/core/contract'
import { batchDelete, maxBatchCalls } from './batch-delete.ts'
import { matchQuery } from './conditions.ts'
import type { GcsContext } from './context.ts'
import { failure, isObjectAbsent } from './errors.ts'
import { checkKey, objectPath } from './keys.ts'
import { send } from './send.ts'

/** Batches under way at once. */
const maxBatches = 4
const maxNamed = 10

/** Absent is success. One key goes as one request, more as batches of 100. @throws NexusError naming the keys that stayed */
export async function deleteKeys(context: GcsContext, keys: readonly string[], options: CallOptions = {}): Promise<void> {
  for (const key of keys) checkKey({ op: 'delete', key })
  const [only] = keys
  if (only === undefined) return
  if (keys.length === 1) return deleteOne(context, only, options)
  const batches = Array.from({ length: Math.ceil(keys.length / maxBatchCalls) }, (_, index) => keys.slice(index * maxBatchCalls, (index + 1) * maxBatchCalls))
  const failed = new Map<string, NexusError>()
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      for (const [key, error] of await batchDelete(context, batch, options)) failed.set(key, error)
    }
  }
  await Promise.all(Array.from({ length: Math.min(maxBatches, batches.length) }, worker))
  if (failed.size > 0) throw summarize(failed, keys.length)
}

async function deleteOne(context: GcsContext, key: string, { signal }: CallOptions): Promise<void> {
  const response = await send(context, { method: 'DELETE', path: objectPath(context.config, key), place: { op: 'delete', key }, effect: 'change', signal, isAbsent: isObjectAbsent })
  await response?.body?.cancel()
}

/** One object, only in this state. @throws NexusError `precondition_failed`, also where there is none */
export async function deleteMatching(context: GcsContext, { key, etag }: { readonly key: string; readonly etag: string }, { signal }: CallOptions = {}): Promise<void> {
  const place = { op: 'deleteMatching', key }
  checkKey(place)
  const response = await send(context, { method: 'DELETE', path: objectPath(context.config, key), query: matchQuery(etag, place), place, effect: 'change', signal, isAbsent: isObjectAbsent })
  if (response === undefined) throw failure('precondition_failed', place)
  await response.body?.cancel()
}

function summarize(failed: ReadonlyMap<string, NexusError>, total: number): NexusError {
  const [[key, first] = ['', failure('unexpected', { op: 'delete', key: '' })]] = [...failed]
  const names = [...failed.keys()].slice(0, maxNamed).join(', ')
  const more = failed.size > maxNamed ? ` and ${failed.size - maxNamed} more` : ''
  const reason = `${failed.size} of ${total} objects may be left: ${names}${more}. ${first.reason}`
  // A refusal says that nothing has happened.
  const code = failed.size < total && outcomeOf(first) === 'refused' ? 'outcome_unknown' : first.code
  return new NexusError(code, { op: 'delete', path: key, backend: 'gcs', reason, cause: first, retryAfterMs: first.retryAfterMs })
}
