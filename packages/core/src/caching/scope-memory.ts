import type { FileStat } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { type IsFresh, negativeFreshnessMs } from './cached-stat.ts'
import type { Touched } from './change-slots.ts'
import type { MetadataStore, ScopeTables } from './metadata-store.ts'
import type { Question } from './stat-tables.ts'

/** What the verbs of one mount need of what is remembered of its storage. */
export interface ScopeMemory {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly isFresh: IsFresh
  /** Runs work on the tables; `undefined` when they cannot be used, or the mount is closed. */
  use<T>(work: (tables: ScopeTables) => T, signal?: AbortSignal): Promise<T | undefined>
  /** The same for work that changes the tables. */
  change<T>(work: (tables: ScopeTables) => T): Promise<T | undefined>
  ask(path: Path, signal?: AbortSignal): Promise<Question | undefined>
  keep(question: Question | undefined, stat: FileStat | undefined): Promise<void>
  /** Forgets what a change may touch. @returns The question that the change itself answers about `answered` */
  forget(touched: readonly Touched[], answered?: Path): Promise<Question | undefined>
  settle(touched: readonly Touched[], question: Question | undefined, stat: FileStat | undefined): Promise<void>
  hit(isHit: boolean): void
  readonly isClosed: () => boolean
  /** Tells its counts, and ends. */
  close(): Promise<void>
}

/** Whose memory it is. */
interface ScopeMemoryOptions {
  readonly store: MetadataStore
  readonly scope: string
  /** How old an answer may be, in milliseconds; 0: nothing is remembered, and others are still told of changes. */
  readonly freshnessMs: number
  readonly label: string | undefined
  readonly now: () => number
}

/** The memory of one mount. */
export function createScopeMemory({ store, scope, label, freshnessMs, now }: ScopeMemoryOptions): ScopeMemory {
  let isClosed = false
  let [hits, misses] = [0, 0]
  // When a change could not be told to the tables, nothing is believed that was seen before it.
  let distrustedThrough = -Infinity
  let latest = -Infinity
  let isLabelled = label === undefined
  const labelled = async (): Promise<void> => {
    if (isLabelled || label === undefined) return
    isLabelled = true
    await store.label(scope, label)
  }
  const use: ScopeMemory['use'] = async (work, signal) => {
    if (isClosed) return undefined
    await labelled()
    return store.use(scope, work, signal)
  }
  const change = async <T>(work: (tables: ScopeTables) => T): Promise<T | undefined> => {
    if (isClosed) return undefined
    await labelled()
    return store.change(scope, work)
  }
  const tell = async (work: (tables: ScopeTables) => Question | true): Promise<Question | undefined> => {
    const done = await change(work)
    if (done === undefined) distrustedThrough = Math.max(distrustedThrough, now())
    return done === true ? undefined : done
  }
  const watchClock = (stats: ScopeTables['stats']): void => {
    const time = now()
    if (time < latest) stats.forgetFuture(time)
    latest = time
  }
  return {
    now,
    use,
    change,
    isFresh: (seenAt) => {
      const age = now() - seenAt
      return age >= 0 && age < freshnessMs && seenAt > distrustedThrough
    },
    ask: (path, signal) => (freshnessMs === 0 ? Promise.resolve(undefined) : use(({ stats }) => {
      watchClock(stats)
      return stats.ask(path, now())
    }, signal)),
    keep: async (question, stat) => {
      if (question !== undefined) await change(({ stats }) => stats.keep(question, stat))
    },
    forget: (touched, answered) => tell(({ stats }) => {
      stats.forget(touched)
      return answered === undefined || freshnessMs === 0 ? true : stats.ask(answered, now())
    }),
    settle: async (touched, question, stat) => {
      await tell(({ stats }) => {
        stats.settle(touched, question === undefined || stat === undefined ? undefined : { question, stat })
        return true
      })
    },
    hit: (isHit) => {
      if (isHit) hits++
      else misses++
    },
    isClosed: () => isClosed,
    close: async () => {
      if (isClosed) return
      if (hits + misses > 0) await use(({ stats }) => stats.count(hits, misses))
      isClosed = true
      await store.release()
    },
  }
}

/** Whether a kept answer may be given: that a file was absent is believed for a second at most. */
export function isUsable({ seenAt, stat }: { readonly seenAt: number; readonly stat: FileStat | undefined }, { isFresh, now }: ScopeMemory): boolean {
  return isFresh(seenAt) && (stat !== undefined || now() - seenAt < negativeFreshnessMs)
}
