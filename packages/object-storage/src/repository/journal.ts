import { type CallOptions, type JournalEntry, type JournalPosition, type JournalStore, NexusError } from '@nexus/core/contract'
import { appendGroup } from './append.ts'
import { repeatedly } from './attempts.ts'
import type { BucketContext } from './context.ts'
import { createDescriptor, readDescriptor, replaceDescriptor, repositoryOfJournal } from './descriptor.ts'
import { readInline } from './fetch-object.ts'
import { beginAfter, describeGroups, removeGroups } from './groups.ts'
import { oldestNumber } from './list-journal.ts'
import { entryAt, newer } from './read-journal.ts'
import { createTurns } from './turns.ts'

/** How often `wait` looks whether another process has committed, in milliseconds. */
const pollMs = 2_000
const maxGroupBytes = 8 * 1024 * 1024

/** The journal of a repository as create-only objects: each holds a group of commits, and its number is that of the first. */
export function createJournal(context: BucketContext): JournalStore {
  const { store } = context
  const turns = createTurns()
  const committed = new Set<() => void>()
  let isClosed = false
  const guard = ({ signal }: CallOptions = {}): void => {
    signal?.throwIfAborted()
    if (isClosed) throw new NexusError('unavailable', { op: 'journal', path: store.name, backend: store.scheme, reason: 'The repository was closed.' })
  }
  const guarded = async <T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> => {
    guard(options)
    return work()
  }
  const wake = (entries: readonly JournalEntry[]): readonly JournalEntry[] => {
    if (entries.length > 0) for (const awake of committed) awake()
    return entries
  }
  return {
    name: store.name,
    identity: store.identity,
    // What a bucket has acknowledged is durable, whatever happens to this machine.
    epoch: '',
    maxGroupBytes,
    readDescriptor: (options) => guarded(options, () => readDescriptor(context, options)),
    createDescriptor: (bytes, options) => guarded(options, () => createDescriptor(context, bytes, options)),
    repositoryId: (options) => guarded(options, () => repositoryOfJournal(context, options)),
    replaceDescriptor: (bytes, options) => guarded(options, () => replaceDescriptor(context, bytes, options)),
    begin: (sequence, options) => guarded(options, () => beginAfter(context, sequence, options)),
    newer: (position, options) => guarded(options, () => newer(context, position, options)),
    entryAt: (position, options) => guarded(options, () => entryAt(context, position, options)),
    oldest: (options = {}) => guarded(options, () => oldestNumber(context, options)),
    wait: (position, options) => guarded(options, () => waitForNews(context, position, { committed, guard, signal: options?.signal })),
    append: (from, prepare, options) => guarded(options, () => turns.take(options.signal, () => appendGroup(context, { from, prepare, options }))).then(wake),
    sync: (options) => guarded(options, () => Promise.resolve()),
    readInline: (location) => guarded(undefined, () => readInline(context, location)),
    segments: (options = {}) => guarded(options, () => repeatedly(context, options.signal, () => describeGroups(context, options))),
    removeThrough: (sequence, options = {}) => guarded(options, () => removeGroups(context, sequence, options)),
    close: async () => {
      if (isClosed) return
      isClosed = true
      for (const awake of committed) awake()
      await turns.idle()
      await store.close()
    },
  }
}

interface Waiting extends CallOptions {
  /** Callbacks of those who wait, called when this process commits. */
  readonly committed: Set<() => void>
  readonly guard: () => void
}

async function waitForNews(context: BucketContext, position: JournalPosition, { committed, guard, signal }: Waiting): Promise<void> {
  while ((await newer(context, position, { signal })).length === 0) {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const awake = (): void => resolve(undefined)
    const stop = new AbortController()
    const pause = context.delay(pollMs, signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]))
    committed.add(awake)
    try {
      await Promise.race([promise, pause])
    } finally {
      committed.delete(awake)
      stop.abort()
      await pause.catch((error: unknown) => {
        if (!stop.signal.aborted) throw error
      })
    }
    signal?.throwIfAborted()
    guard()
  }
}
