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

/** What is made for a moment: to tell the time, and to prove create-only writes. */
const fleeting = /^nexus-(?:clock|probe)-[0-9a-f]{16}\/$/
const dayMs = 24 * hourMs

/** The store's time, by the date of an object that is made for it. What killed processes left of such objects goes with it, a day later. */
async function askForTime(context: BucketContext, signal: AbortSignal | undefined): Promise<number> {
  const { store } = context
  const key = `nexus-clock-${randomHex(context, 16)}/`
  try {
    const { modifiedAt } = await repeatedly(context, signal, () => store.put(key, new Uint8Array(0), { signal }))
    context.clock.note(modifiedAt)
    await sweepFleeting(context, { before: modifiedAt.getTime() - dayMs, signal })
    return modifiedAt.getTime()
  } finally {
    await repeatedly(context, undefined, () => store.delete([key]))
  }
}

async function sweepFleeting(context: BucketContext, { before, signal }: { readonly before: number; readonly signal: AbortSignal | undefined }): Promise<void> {
  for await (const { objects } of context.store.list({ prefix: 'nexus-', signal })) {
    const left = objects.filter(({ key, modifiedAt }) => fleeting.test(key) && modifiedAt.getTime() < before).map(({ key }) => key)
    if (left.length > 0) await repeatedly(context, signal, () => context.store.delete(left, { signal }))
  }
}
