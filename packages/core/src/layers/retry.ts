import type { Layer } from '../contract/backend.ts'
import { type DelayOptions, nextDelay } from '../resilience/next-delay.ts'
import { outcomeOf, retryAfterOf } from '../resilience/passing.ts'
import { mayRepeat } from './may-repeat.ts'
import { sleep as platformSleep, type Sleep } from './sleep.ts'
import { type Invoke, type IterationMember, optionsOf, wrapMembers } from './wrap-members.ts'

/** How often and how fast a failed attempt is repeated. */
export interface Schedule extends DelayOptions {
  /** Attempts in all, the first among them. Default 4. */
  readonly attempts?: number | undefined
  readonly sleep?: Sleep | undefined
}

/**
 * Repeats what failed for a passing reason. Never repeated: a call whose body is a stream (it is used up), a change that may have
 * happened and would happen twice, a body once it is at hand, an iteration after its first item. The provider's `retryAfterMs` is
 * waited for even beyond `maxDelayMs`.
 */
export const retry =
  (schedule: Schedule = {}): Layer =>
  (inner) => {
    let isClosed = false
    const passes = (error: unknown, evenIfUnknown: boolean): boolean => !isClosed && isRetryable(error, evenIfUnknown)
    return wrapMembers(inner, {
      call:
        (member, invoke) =>
        (...args) => {
          const repeatable = mayRepeat(inner, member, args)
          const again = (error: unknown): boolean => repeatable !== 'never' && passes(error, repeatable === 'always')
          return retrying(schedule, { signal: optionsOf(member, args)?.signal, again }, () => invoke(...args))
        },
      iteration: (member, invoke) =>
        member === 'changes' ? invoke : retryingStart(schedule, { member, invoke, again: (error) => passes(error, true) }),
      onClose: () => {
        isClosed = true
      },
    })
  }

function isRetryable(error: unknown, evenIfUnknown: boolean): boolean {
  const outcome = outcomeOf(error)
  return outcome === 'refused' || (outcome === 'unknown' && evenIfUnknown)
}

interface Attempts {
  readonly signal: AbortSignal | undefined
  readonly again: (error: unknown) => boolean
}

async function retrying<T>(schedule: Schedule, { signal, again }: Attempts, run: () => Promise<T>): Promise<T> {
  const { attempts = 4, sleep = platformSleep } = schedule
  let waitedMs = 0
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt >= attempts || signal?.aborted === true || !again(error)) throw error
      waitedMs = nextDelay(waitedMs, schedule)
      await sleep(Math.max(waitedMs, retryAfterOf(error)), signal)
    }
  }
}

interface Start {
  readonly member: IterationMember
  readonly invoke: Invoke<AsyncIterable<unknown>>
  readonly again: (error: unknown) => boolean
}

/** Begins an iteration again until its first step succeeds; what fails later has been seen in part, and only the caller can resume. */
function retryingStart(schedule: Schedule, { member, invoke, again }: Start): Invoke<AsyncIterable<unknown>> {
  return async function* (...args) {
    const begin = async () => {
      const iterator = invoke(...args)[Symbol.asyncIterator]()
      return { iterator, first: await iterator.next() }
    }
    const { iterator, first } = await retrying(schedule, { signal: optionsOf(member, args)?.signal, again }, begin)
    if (first.done === true) return
    let isDone = false
    try {
      yield first.value
      yield* { [Symbol.asyncIterator]: () => iterator }
      isDone = true
    } finally {
      if (!isDone) await iterator.return?.()
    }
  }
}
