import { createRecordCodec, type RepositoryStores, sleep, sleepBy, type StartTimer } from '@nexus/core/contract'
import { cacheScope } from '../cache-scope.ts'
import type { ObjectStore } from '../object-store.ts'
import { refuseInsideRepository } from '../refuse-place.ts'
import { repeatedly } from './attempts.ts'
import { createContents } from './contents.ts'
import type { BucketContext, Delay } from './context.ts'
import { createJournal } from './journal.ts'
import { JournalCache } from './journal-cache.ts'
import { oneWriterReason } from './prove-create-only.ts'
import { SharedReads } from './shared-reads.ts'
import { createStoreClock } from './store-clock.ts'

/** What {@link openBucketStores} takes; the `OpenContext` that a definition is given will do. */
export interface BucketStoreOptions {
  /** Milliseconds since the epoch, of this machine. */
  readonly now: () => number
  /** Fills and returns the array with random bytes. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>
  /** `one` promises that nobody else writes: needed where the service has no create-only writes. Default `many`. */
  readonly writers?: 'one' | 'many' | undefined
  /** Time-outs and waits; default the platform's timer. */
  readonly startTimer?: StartTimer | undefined
  /** How to wait between attempts; default by `startTimer`. */
  readonly delay?: Delay | undefined
  /** Of the opening. */
  readonly signal?: AbortSignal | undefined
}

/** How old an answer about a bucket may be unless the mount says otherwise, in milliseconds. */
const freshnessMs = 2_000

/**
 * A bucket, or what is below a prefix of one, as the storage of a repository: groups of commits and contents, each an object. Writes nothing before
 * `createDescriptor`. Closing the journal closes the store, and so does a refusal.
 * @throws NexusError `invalid_config` for a prefix inside a repository
 */
export async function openBucketStores(store: ObjectStore, options: BucketStoreOptions): Promise<RepositoryStores> {
  const { now, random, startTimer, delay = startTimer === undefined ? sleep : sleepBy(startTimer) } = options
  const hasOneWriter = options.writers === 'one'
  const context: BucketContext = {
    store,
    codec: await createRecordCodec(),
    now,
    random,
    delay,
    hasOneWriter,
    clock: createStoreClock(now),
    cache: new JournalCache(now),
    reads: new SharedReads(),
    descriptor: undefined,
    isProven: false,
  }
  await refusePlace(context, options.signal)
  return {
    journal: createJournal(context),
    contents: createContents(context),
    freshnessMs,
    cacheScope: cacheScope(store, 'cas'),
    serviceHealth: store.serviceHealth?.bind(store),
    readonlyReason: store.conditions.absent || hasOneWriter ? undefined : oneWriterReason(store.name),
  }
}

async function refusePlace(context: BucketContext, signal: AbortSignal | undefined): Promise<void> {
  try {
    await repeatedly(context, signal, () => refuseInsideRepository(context.store, { signal }))
  } catch (error) {
    await context.store.close()
    throw error
  }
}
