import type { DeletionDeferral } from '@nexus/core/contract'
import { repeatedly } from './attempts.ts'
import { type BucketContext, randomHex } from './context.ts'

const hourMs = 60 * 60 * 1000

/** Nobody holds a lock here: what is deleted was let go long enough ago that nobody works with it any more. */
export function deferralOf(context: BucketContext): DeletionDeferral {
  return {
    droppedForMs: 24 * hourMs,
    unreferredForMs: 7 * 24 * hourMs,
    pinnedForMs: hourMs,
    now: ({ signal } = {}) => askForTime(context, signal),
  }
}

/** The store's time, by the date of an object that is made for it. */
async function askForTime(context: BucketContext, signal: AbortSignal | undefined): Promise<number> {
  const { store } = context
  const key = `nexus-clock-${randomHex(context, 16)}/`
  try {
    const { modifiedAt } = await repeatedly(context, signal, () => store.put(key, new Uint8Array(0), { signal }))
    context.clock.note(modifiedAt)
    return modifiedAt.getTime()
  } finally {
    await repeatedly(context, undefined, () => store.delete([key]))
  }
}
