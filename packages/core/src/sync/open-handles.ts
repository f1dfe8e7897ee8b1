import { NexusError } from '../contract/errors.ts'
import type { Deadline } from './deadline.ts'
import type { Source } from './sources.ts'

/** What goes back to the main thread: `head` is cloned, `body` crosses as bytes. */
export interface Answer {
  readonly head?: unknown
  readonly body?: Uint8Array | undefined
}

/** Something that crosses in several steps, each within its deadline. */
export interface OpenSource {
  readonly source: Source
  readonly deadline: Deadline
}

/** What the worker keeps open for the main thread, by number. */
export interface OpenHandles {
  readonly size: () => number
  keep(open: OpenSource): number
  /** Keeps it and does its first step; `extra` goes with the answer. */
  start(open: OpenSource, extra?: object): Promise<Answer>
  /** One step further; what ended or failed is kept no longer. */
  next(handle: number): Promise<Answer>
  release(handle: number): Promise<void>
  releaseAll(): Promise<void>
}

/** An empty table. */
export function createOpenHandles(): OpenHandles {
  const opened = new Map<number, OpenSource>()
  let last = 0
  const keep = (open: OpenSource): number => {
    opened.set(++last, open)
    return last
  }
  const next = async (handle: number): Promise<Answer> => {
    const open = opened.get(handle)
    if (open === undefined) throw new NexusError('invalid_argument', { reason: 'It was read to its end or disposed of already; open it again.' })
    try {
      const { body, items, done } = await open.deadline.step(() => open.source.next())
      if (done) opened.delete(handle)
      return { head: { items, done }, body }
    } catch (error) {
      opened.delete(handle)
      throw error
    }
  }
  const release = async (handle: number): Promise<void> => {
    const open = opened.get(handle)
    opened.delete(handle)
    await open?.source.close()
  }
  return {
    size: () => opened.size,
    keep,
    next,
    release,
    async start(open, extra = {}) {
      const handle = keep(open)
      const { head, body } = await next(handle)
      return { head: { ...(head as object), ...extra, handle }, body }
    },
    async releaseAll() {
      await Promise.all([...opened.keys()].map(release))
    },
  }
}
