import type { Layer } from '../contract/backend.ts'
import { type ErrorCode, isNexusError } from '../contract/errors.ts'
import { mayRepeat } from './may-repeat.ts'
import { sleep as platformSleep, type Sleep } from './sleep.ts'
import { type Invoke, type IterationMember, optionsOf, wrapMembers } from './wrap-members.ts'

/** How often and how fast a failed attempt is repeated. */
export interface Schedule {
  /** Attempts in all, the first among them. Default 4. */
  readonly attempts?: number | undefined
  /** Upper bound of the first wait in milliseconds, doubled with each attempt. Default 100. */
  readonly baseDelayMs?: number | undefined
  /** Upper bound of every wait but one that the provider asks for. Default 10,000. */
  readonly maxDelayMs?: number | undefined
  /** From 0 up to 1; the wait is this part of its bound, so that many callers do not come back at once. Default `Math.random`. */
  readonly random?: (() => number) | undefined
  readonly sleep?: Sleep | undefined
}

/** What a code says of the attempt: `refused`: nothing has happened. `unknown`: it may have. `final`: again would be the same. */
const retryable = {
  rate_limited: 'refused',
  busy: 'refused',
  unavailable: 'unknown',
  timeout: 'unknown',
  outcome_unknown: 'unknown',
  not_found: 'final',
  already_exists: 'final',
  is_directory: 'final',
  not_directory: 'final',
  not_empty: 'final',
  precondition_failed: 'final',
  permission_denied: 'final',
  unauthenticated: 'final',
  invalid_argument: 'final',
  invalid_path: 'final',
  invalid_config: 'final',
  mount_not_found: 'final',
  mount_collision: 'final',
  read_only: 'final',
  unsupported: 'final',
  corrupt: 'final',
  no_space: 'final',
  unexpected: 'final',
} satisfies Record<ErrorCode, 'refused' | 'unknown' | 'final'>

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
  if (!isNexusError(error)) return false
  const kind = retryable[error.code]
  return kind === 'refused' || (kind === 'unknown' && evenIfUnknown)
}

interface Attempts {
  readonly signal: AbortSignal | undefined
  readonly again: (error: unknown) => boolean
}

async function retrying<T>(schedule: Schedule, { signal, again }: Attempts, run: () => Promise<T>): Promise<T> {
  const { attempts = 4, sleep = platformSleep } = schedule
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt >= attempts || signal?.aborted === true || !again(error)) throw error
      await sleep(delayMs(schedule, attempt, error), signal)
    }
  }
}

function delayMs({ baseDelayMs = 100, maxDelayMs = 10_000, random = Math.random }: Schedule, attempt: number, error: unknown): number {
  const backoffMs = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1))
  return Math.max(backoffMs, isNexusError(error) ? (error.retryAfterMs ?? 0) : 0)
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
