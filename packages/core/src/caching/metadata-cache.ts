import { join } from 'node:path'
import type { Backend, Entry, FileContent, FileStat, Layer, ListOptions, ReadOptions, StatOptions } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { wrapMembers } from '../layers/wrap-members.ts'
import { findStat } from './cached-stat.ts'
import type { KeptListing } from './listing-tables.ts'
import { recordList } from './list-record.ts'
import { replayList, resumeKey } from './list-replay.ts'
import { acquireMetadata } from './metadata-store.ts'
import { createScopeMemory, isUsable, type ScopeMemory } from './scope-memory.ts'
import type { KeptStat, Question } from './stat-tables.ts'
import { type Effect, effectOf } from './touched-by.ts'

/** How stats and listings are remembered. */
export interface MetadataCacheOptions {
  /** The state directory, made when it is first needed. */
  readonly directory: string
  /** How old an answer may be, in milliseconds; default 60,000. 0: nothing is remembered, and other processes are still told of changes. */
  readonly freshnessMs?: number | undefined
  /** What a person calls the storage: its URI. */
  readonly label?: string | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
}

const defaultFreshnessMs = 60_000

interface MetadataContext {
  readonly inner: Backend
  readonly memory: ScopeMemory
}

/**
 * Remembers stats and complete listings in `metadata.db`, for every process of the machine. An answer is at most `freshnessMs` old, that something is
 * absent at most a second; changes through this layer are seen at once by all; `fresh` asks the storage. Whatever is wrong with the database, calls pass.
 * A backend without `cacheScope` stays as it is.
 */
export const metadataCache =
  ({ directory, freshnessMs = defaultFreshnessMs, label, now = Date.now }: MetadataCacheOptions): Layer =>
  (inner) => {
    const { cacheScope } = inner
    if (cacheScope === undefined) return inner
    const store = acquireMetadata(join(directory, 'metadata.db'), { now })
    const memory = createScopeMemory({ store, scope: cacheScope, label, freshnessMs, now })
    const context: MetadataContext = { inner, memory }
    const wrapped = wrapMembers(inner, {
      call: (member, invoke) => async (...args) => {
        const effect = effectOf(member, args)
        if (effect !== undefined) return change(memory, effect, () => invoke(...args))
        if (member === 'stat') return stat(context, args[0] as Path, args[1] as StatOptions | undefined)
        return member === 'read' ? read(context, args[0] as Path, args[1] as ReadOptions | undefined) : invoke(...args)
      },
      iteration: (member, invoke) => (member === 'list' ? (path, given) => list(context, path as Path, given as ListOptions | undefined) : invoke),
    })
    const closeWrapped = wrapped.close.bind(wrapped)
    const close = async (): Promise<void> => {
      await closeWrapped()
      await memory.close()
    }
    return Object.defineProperty(wrapped, 'close', { value: close, enumerable: true, configurable: true, writable: true })
  }

/** Forgets before and after, and puts the change's own answer in the place. */
async function change(memory: ScopeMemory, { touched, answered }: Effect, work: () => Promise<unknown>): Promise<unknown> {
  const question = await memory.forget(touched, answered)
  let answer: unknown
  try {
    answer = await work()
    return answer
  } finally {
    // Also what failed may have happened. A verb of which the answer is a stat says so in its effect.
    await memory.settle(touched, question, answer as FileStat | undefined)
  }
}

async function stat(context: MetadataContext, path: Path, options: StatOptions = {}): Promise<FileStat> {
  const { inner } = context
  options.signal?.throwIfAborted()
  if (options.version !== undefined || options.snapshot !== undefined) return inner.stat(path, options)
  const kept = options.fresh === true ? undefined : await findUsable(context, path, options.signal)
  options.signal?.throwIfAborted()
  if (kept?.stat !== undefined) return kept.stat
  if (kept !== undefined) throw new NexusError('not_found', { op: 'stat', path, backend: inner.scheme })
  return asking(context, path, options, { run: () => inner.stat(path, options), toStat: (answer) => answer })
}

async function findUsable({ memory }: MetadataContext, path: Path, signal: AbortSignal | undefined): Promise<KeptStat | undefined> {
  if (memory.isClosed()) return undefined
  const found = await memory.use((tables) => findStat(tables, path, memory.isFresh), signal)
  const kept = found !== undefined && isUsable(found, memory) ? found : undefined
  memory.hit(kept !== undefined)
  // The mount may have been closed meanwhile; then the backend says so.
  return memory.isClosed() ? undefined : kept
}

/** A body's stat is kept too: who reads a file knows it. */
function read(context: MetadataContext, path: Path, options: ReadOptions = {}): Promise<FileContent> {
  const run = (): Promise<FileContent> => context.inner.read(path, options)
  return options.version !== undefined || options.snapshot !== undefined ? run() : asking(context, path, options, { run, toStat: ({ stat: told }) => told })
}

interface Asking<T> {
  readonly run: () => Promise<T>
  readonly toStat: (answer: T) => FileStat
}

async function asking<T>({ memory }: MetadataContext, path: Path, { signal }: StatOptions, { run, toStat }: Asking<T>): Promise<T> {
  const question = await memory.ask(path, signal)
  try {
    const answer = await run()
    await memory.keep(question, toStat(answer))
    return answer
  } catch (error) {
    await learn(memory, question, error)
    throw error
  }
}

/** What a failure says of what is kept. */
async function learn(memory: ScopeMemory, question: Question | undefined, error: unknown): Promise<void> {
  if (question === undefined || !isNexusError(error)) return
  if (error.code === 'not_found') await memory.keep(question, undefined)
  else if (['precondition_failed', 'corrupt', 'busy'].includes(error.code)) await memory.forget([{ path: question.path, isTree: false }])
}

async function* list({ inner, memory }: MetadataContext, path: Path, options: ListOptions = {}): AsyncGenerator<Entry> {
  const { limit, startAfter = '', snapshot, signal } = options
  const isValid = limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)
  if (snapshot !== undefined || !isValid || memory.isClosed()) {
    yield* inner.list(path, options)
    return
  }
  signal?.throwIfAborted()
  const kept = await findListing(memory, path, options)
  if (kept !== undefined) yield* replayList({ inner, listing: kept.listing, path, options, memory }, kept.after)
  // A part of a listing says nothing of the rest.
  else if (limit !== undefined || startAfter !== '') yield* inner.list(path, options)
  else yield* recordList({ inner, path, options, memory })
}

interface FoundListing {
  readonly listing: KeptListing
  readonly after: string
}

async function findListing(memory: ScopeMemory, path: Path, options: ListOptions): Promise<FoundListing | undefined> {
  if (options.fresh === true) return undefined
  const found = await memory.use(({ listings }) => {
    const listing = listings.find(path, options.recursive === true)
    if (listing === undefined || !memory.isFresh(listing.seenAt)) return undefined
    const after = resumeKey(listings, listing, options)
    return after === undefined ? undefined : { listing, after }
  }, options.signal)
  memory.hit(found !== undefined)
  return found
}
