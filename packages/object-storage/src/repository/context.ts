import type { RecordCodec } from '@nexus/core/contract'
import type { ObjectStore } from '../object-store.ts'
import type { JournalCache } from './journal-cache.ts'
import type { SharedReads } from './shared-reads.ts'
import type { StoreClock } from './store-clock.ts'

/** Waits so many milliseconds. @throws `signal.reason` when aborted */
export type Delay = (ms: number, signal?: AbortSignal) => Promise<void>

/** What the parts of a repository's storage share. */
export interface BucketContext {
  readonly store: ObjectStore
  readonly codec: RecordCodec
  /** Milliseconds since the epoch, of this machine: only for how long something took. */
  readonly now: () => number
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>
  readonly delay: Delay
  /** The mount promises that nobody else writes. */
  readonly hasOneWriter: boolean
  readonly clock: StoreClock
  readonly cache: JournalCache
  readonly reads: SharedReads
  /** `nexus.json`, once it was read. */
  descriptor: { readonly id: string; readonly bytes: Uint8Array } | undefined
  /** Whether the service was seen to refuse a create-only write of what exists. */
  isProven: boolean
}

/** So many hex digits, by the context's randomness. */
export function randomHex({ random }: Pick<BucketContext, 'random'>, digits: number): string {
  return Buffer.from(random(new Uint8Array(digits / 2))).toString('hex')
}

/** The condition of a write that must not replace: none where the service knows none, and one writer looks before. */
export function createOnly({ store }: Pick<BucketContext, 'store'>): 'absent' | undefined {
  return store.conditions.absent ? 'absent' : undefined
}
