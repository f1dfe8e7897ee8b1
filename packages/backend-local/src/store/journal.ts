import { type CallOptions, type JournalEntry, type JournalStore, type MaybePromise, NexusError, whenReady } from '@nexus/core/contract'
import { appendUnderLock, syncUnderLock } from './append.ts'
import { beginAfter } from './begin.ts'
import { createDescriptor, readDescriptor } from './descriptor.ts'
import { replaceDescriptor, repositoryOfJournal } from './replace-descriptor.ts'
import type { JournalContext } from './context.ts'
import { entriesAfter } from './entries.ts'
import { toNexusError } from './errors.ts'
import { isSystemError, syncDirectory } from './files.ts'
import type { Head } from './head.ts'
import { createHeadReader, entryEndingAt, readInlineContent } from './read.ts'
import { forgetTarget, nextGeneration } from './roll.ts'
import { recover } from './recover.ts'

/** How often `wait` looks whether another process has committed, in milliseconds. */
const pollMs = 25

/** @param identity Equal for the same directory, whatever path led there. */
export function createJournal(context: JournalContext, identity: string): JournalStore {
  const { layout, environment, segments } = context
  const headReader = createHeadReader(context)
  const committed = new Set<() => void>()
  let isClosed = false

  const guard = (): void => {
    if (isClosed) throw new NexusError('unavailable', { op: 'journal', path: layout.root, backend: 'local', reason: 'The repository was closed.' })
  }
  const withHead = <T>(atLeast: number, options: CallOptions | undefined, use: (head: Head) => MaybePromise<T>): MaybePromise<T> => {
    guard()
    options?.signal?.throwIfAborted()
    return whenReady(headReader.read(atLeast, options ?? {}), use)
  }
  const underLock = <T>(signal: AbortSignal | undefined, work: () => MaybePromise<T>): MaybePromise<T> => {
    guard()
    // Where there is no repository, not even the lock's file may come to be.
    context.repository()
    const release = (): void => context.lock.release()
    return whenReady(context.lock.acquire(signal), () =>
      finallyDo(() => {
        environment.onStep?.('after-lock')
        return work()
      }, release),
    )
  }
  const told = (op: string, error: unknown): Error => (isSystemError(error) ? toNexusError(error, op, layout.journal) : (error as Error))
  const wake = (entries: readonly JournalEntry[]): readonly JournalEntry[] => {
    if (entries.length > 0) for (const awake of committed) awake()
    return entries
  }
  const mapped = async <T>(op: string, work: () => MaybePromise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw told(op, error)
    }
  }

  return {
    name: layout.root,
    identity,
    epoch: environment.bootId,
    readDescriptor: (options) => mapped('open', () => readDescriptor(context, options)),
    createDescriptor: (bytes, options) => mapped('create', () => createDescriptor(context, bytes, options)),
    repositoryId: (options) => mapped('open', () => repositoryOfJournal(context, options)),
    replaceDescriptor: (bytes, options) => mapped('repair', () => replaceDescriptor(context, bytes, options)),
    begin: (sequence, options) => mapped('restore', () => underLock(options?.signal, () => beginAfter(context, sequence))),
    newer: (position, options) => withHead(position.sequence, options, (head) => entriesAfter(context, position, head)),
    entryAt: (position, options) => withHead(0, options, (head) => entryEndingAt(context, position, head)),
    oldest: async (options) => await withHead(0, options, (head) => (head.sequence === 0 ? undefined : segments.known(head.generation)[0])),
    wait: (position, options) => waitForNews(() => withHead(0, options, (head) => head.sequence > position.sequence), { committed, signal: options?.signal }),
    append: (from, prepare, options) => {
      try {
        const entries = underLock(options.signal, () => appendUnderLock(context, { from, prepare, options }))
        return entries instanceof Promise ? entries.then(wake, (error: unknown) => Promise.reject(told('commit', error))) : wake(entries)
      } catch (error) {
        return Promise.reject(told('commit', error))
      }
    },
    sync: (options) => mapped('sync', () => underLock(options?.signal, () => syncUnderLock(context))),
    readInline: (location) => {
      guard()
      return readInlineContent(context, location)
    },
    segments: async (options) => await withHead(0, options, (head) => describeSegments(context, head)),
    removeThrough: (sequence, options) => mapped('compact', () => underLock(options?.signal, () => removeSegments(context, sequence))),
    close: async () => {
      if (isClosed) return
      isClosed = true
      await context.lock.close()
      forgetTarget(context)
      segments.forget()
      context.head.close()
    },
  }
}

/** `finally` for work that may be over at once. */
function finallyDo<T>(work: () => MaybePromise<T>, end: () => void): MaybePromise<T> {
  let result: MaybePromise<T>
  try {
    result = work()
  } catch (error) {
    end()
    throw error
  }
  if (result instanceof Promise) return result.finally(end)
  end()
  return result
}

interface Waiting {
  /** Callbacks of those who wait, called when this process commits. */
  readonly committed: Set<() => void>
  readonly signal: AbortSignal | undefined
}

async function waitForNews(isNew: () => MaybePromise<boolean>, { committed, signal }: Waiting): Promise<void> {
  while (!(await isNew())) {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        committed.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, pollMs).unref()
      committed.add(wake)
      signal?.addEventListener('abort', wake, { once: true })
    })
    signal?.throwIfAborted()
  }
}

function describeSegments({ segments }: JournalContext, head: Head): { first: number; last: number; sizeBytes: number }[] {
  const names = segments.known(head.generation).filter((first) => first <= head.sequence)
  return names.map((first, index) => ({ first, last: (names[index + 1] ?? head.sequence + 1) - 1, sizeBytes: segments.endOf(first, head) }))
}

async function removeSegments(context: JournalContext, sequence: number): Promise<void> {
  const { environment, segments, layout } = context
  forgetTarget(context)
  const head = await recover(context, 0)
  const gone = describeSegments(context, head).filter(({ first, last }) => last <= sequence && first !== head.segment)
  if (gone.length === 0) return
  forgetTarget(context)
  context.head.write({ ...head, generation: nextGeneration(head) })
  for (const { first } of gone) environment.files.unlink(segments.path(first))
  context.head.write({ ...head, generation: nextGeneration({ generation: nextGeneration(head) }) })
  segments.forget()
  await syncDirectory(environment.files, layout.journal)
}

