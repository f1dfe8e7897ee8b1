import type { ServiceHealth } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type Sleep, sleepBy } from '../layers/sleep.ts'
import type { Gate } from './gate.ts'
import { type DelayOptions, nextDelay } from './next-delay.ts'
import { outcomeOf, retryAfterOf } from './passing.ts'
import { type CallClass, createService, healthOf, sendOnce } from './policy-service.ts'
import { createRetryBudget } from './retry-budget.ts'
import { platformTimer, type StartTimer } from './start-timer.ts'

/** One request to a provider. */
export interface PolicyCall {
  readonly op: string
  readonly kind: CallClass
  /** Whether it may be sent again: `always`; only when it is certain that nothing has happened (`refused`); `never`, as its body is used up. */
  readonly repeat: 'always' | 'refused' | 'never'
  /** It changes something: when an attempt gave no answer, it is never told that nothing happened. */
  readonly changes?: boolean | undefined
  /** Length of its own body, for which it gets a second more for each 64 KiB. */
  readonly bodyBytes?: number | undefined
  /** How long the provider may work for it before it answers, beside the time for the answer itself, in milliseconds. Default 0. */
  readonly workMs?: number | undefined
  /** Attempts in all, where they are not the policy's. */
  readonly attempts?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** How a provider is treated; every number has a default. */
export interface PolicyOptions extends DelayOptions {
  /** Attempts in all. Default 4. */
  readonly attempts?: number | undefined
  /** How long one attempt may take until its answer begins, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number | undefined
  /** A longer pause than this is not waited for: calls fail with `rate_limited`, which says how long it is. In milliseconds; default 60,000. */
  readonly patienceMs?: number | undefined
  /** Calls under way at once, to begin with. Default 32. */
  readonly concurrency?: number | undefined
  /** Shared by all that count against one limit of the provider; default one of its own. */
  readonly gate?: Gate | undefined
  readonly now?: (() => number) | undefined
  readonly startTimer?: StartTimer | undefined
  /** Default: by `startTimer`. */
  readonly sleep?: Sleep | undefined
}

/** Sends requests to a provider that may be slow, busy or away. */
export interface Policy {
  /**
   * @throws what the last attempt failed with, or `outcome_unknown` for a change of which an earlier one gave no answer; `unavailable` at once while
   * the provider is known to be away; `signal.reason`
   */
  run<T>(call: PolicyCall, attempt: (signal: AbortSignal) => Promise<T>): Promise<T>
  health(): ServiceHealth
}

/**
 * Time-outs for each attempt, repetition with decorrelated jitter within a budget, a pause of the whole account when the provider asks for one, a
 * concurrency that adapts, and a breaker for each class of calls (DESIGN.md, section 3, in the order given there).
 */
export function createPolicy(options: PolicyOptions = {}): Policy {
  const { startTimer = platformTimer, now = Date.now, sleep = sleepBy(startTimer), patienceMs = 60_000 } = options
  const service = createService(options, { now, startTimer, sleep })
  const budget = createRetryBudget()
  return {
    run: async (call, attempt) => {
      const { attempts = options.attempts ?? 4 } = call
      let waitedMs = 0
      let isUnsure = false
      for (let number = 1; ; number++) {
        try {
          const result = await sendOnce(service, call, attempt)
          budget.earn()
          return result
        } catch (error) {
          if (call.signal?.aborted === true) throw error
          const isPatient = retryAfterOf(error) <= patienceMs
          if (number >= attempts || !isPatient || !mayRepeat(call, error) || !budget.spend()) throw isUnsure ? unsure(call, error) : error
          isUnsure ||= call.changes === true && outcomeOf(error) === 'unknown' && !isNexusError(error, 'unavailable')
          service.counts.repetitions++
          waitedMs = nextDelay(waitedMs, options)
          await sleep(Math.max(waitedMs, retryAfterOf(error)), call.signal)
        }
      }
    },
    health: () => healthOf(service),
  }
}

function mayRepeat({ repeat }: PolicyCall, error: unknown): boolean {
  const outcome = outcomeOf(error)
  return outcome !== 'final' && (repeat === 'always' || (repeat === 'refused' && outcome === 'refused'))
}

/** What came last may be the answer to what an earlier attempt did. */
function unsure({ op }: PolicyCall, error: unknown): unknown {
  if (!isNexusError(error) || error.code === 'outcome_unknown') return error
  const { path, backend, reason, retryAfterMs } = error
  return new NexusError('outcome_unknown', { op: error.op ?? op, path, backend, retryAfterMs, cause: error, reason: `An earlier attempt gave no answer, so that it may have happened or not. The last one: ${reason}` })
}
