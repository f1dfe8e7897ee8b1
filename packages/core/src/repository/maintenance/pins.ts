import { randomBytes } from 'node:crypto'
import type { ContentStore, DeletionDeferral } from '../../contract/store.ts'
import type { Repository } from '../context.ts'

const shape = /^pins\/(\d{20})-/
/** A pin is renewed so many times before it would end. */
const renewals = 4

/**
 * Does long work on a state of the repository while its contents stay, also those that are dropped meanwhile. Does nothing but the work where deletion
 * does not wait, and in a read-only repository, which writes nothing: there, what vanishes is found out by reading.
 * @param sequence The commit whose state is read.
 */
export async function withPin<T>(repository: Repository, sequence: number, work: () => Promise<T>): Promise<T> {
  const { contents, readonly } = repository
  if (contents.deferral === undefined || readonly) return work()
  const key = `pins/${String(sequence).padStart(20, '0')}-${randomBytes(16).toString('hex')}`
  const renew = (): Promise<unknown> => contents.stage(key, new Uint8Array(0), { durability: 'fsync' })
  await renew()
  const { promise: broken, reject } = Promise.withResolvers<never>()
  const timer = setInterval(() => void renew().catch(reject), contents.deferral.pinnedForMs / renewals).unref()
  try {
    return await Promise.race([work(), broken])
  } finally {
    clearInterval(timer)
    await contents.delete([key])
  }
}

/** The oldest state that somebody still works with; `undefined` when nobody does. */
export async function oldestPin(
  contents: ContentStore,
  { deferral, now, signal }: { readonly deferral: DeletionDeferral; readonly now: number; readonly signal: AbortSignal | undefined },
): Promise<number | undefined> {
  let oldest: number | undefined
  for await (const { key, modifiedAt } of contents.list('pins/', { signal })) {
    const [, digits] = shape.exec(key) ?? []
    // Of another shape: made by another version, which means all of it.
    if (modifiedAt.getTime() > now - deferral.pinnedForMs) oldest = Math.min(oldest ?? Infinity, Number(digits ?? 0))
  }
  return oldest
}
