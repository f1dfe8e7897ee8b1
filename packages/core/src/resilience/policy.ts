import { type ErrorCode, isNexusError, NexusError } from '../contract/errors.ts'
import { sleep as platformSleep, type Sleep } from '../layers/sleep.ts'
import { type AdaptiveLimit, createAdaptiveLimit } from './adaptive-limit.ts'
import { type Breaker, type BreakerState, createBreaker } from './breaker.ts'
import { createGate, type Gate } from './gate.ts'
import { createRetryBudget } from './retry-budget.ts'

/** Calls that fail together: a provider may still read while it does not write. */
export type CallClass = 'read' | 'write' | 'list'

/** One request to a provider. */
export interface PolicyCall {
  readonly op: string
  readonly kind: CallClass
  /** Whether it may be sent again: `always`; only when it is certain that nothing has happened (`refused`); `never`, as its body is used up. */
  readonly repeat: 'always' | 'refused' | 'never'
  readonly signal?: AbortSignal | undefined
}

/** How a provider is treated; every number has a default. */
export interface PolicyOptions {
  /** Attempts in all. Default 4. */
  readonly attempts?: number | undefined
  /** Shortest and longest wait between two attempts in milliseconds; default 50 and 10,000. */
  readonly baseDelayMs?: number | undefined
  readonly maxDelayMs?: number | undefined
  /** How long one attempt may take until its answer begins, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number | undefined
  /** Calls under way at once, to begin with. Default 32. */
  readonly concurrency?: number | undefined
  /** Shared by all that count against one limit of the provider; default one of its own. */
  readonly gate?: Gate | undefined
  readonly now?: (() => number) | undefined
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined
  readonly sleep?: Sleep | undefined
}

/** How a provider is doing. */
export interface PolicyHealth {
  readonly breakers: Readonly<Record<CallClass, BreakerState>>
  readonly underWay: number
  readonly limit: number
  readonly attempts: number
  readonly repetitions: number
}

/** Sends requests to a provider that may be slow, busy or away. */
export interface Policy {
  /** @throws what the last attempt failed with; `unavailable` at once while the provider is known to be away; `signal.reason` */
  run<T>(call: PolicyCall, attempt: (signal: AbortSignal) => Promise<T>): Promise<T>
  health(): PolicyHealth
}

/** What a code says: `refused`: nothing has happened. `unknown`: it may have. Others would fail again in the same way. */
const passing: Partial<Record<ErrorCode, 'refused' | 'unknown'>> = { rate_limited: 'refused', busy: 'refused', unavailable: 'unknown', timeout: 'unknown', outcome_unknown: 'unknown' }

interface Parts {
  readonly options: PolicyOptions
  readonly gate: Gate
  readonly limit: AdaptiveLimit
  readonly breakers: Readonly<Record<CallClass, Breaker>>
}

/**
 * Time-outs for each attempt, repetition with decorrelated jitter within a budget, a pause of the whole account when the provider asks for one, a
 * concurrency that adapts, and a breaker for each class of calls (DESIGN.md, section 3, in the order given there).
 */
export function createPolicy(options: PolicyOptions = {}): Policy {
  const { attempts = 4, now, sleep = platformSleep } = options
  const breaker = (): Breaker => createBreaker({ now })
  const parts: Parts = {
    options,
    gate: options.gate ?? createGate({ now, sleep }),
    limit: createAdaptiveLimit(options.concurrency === undefined ? {} : { initial: options.concurrency }),
    breakers: { read: breaker(), write: breaker(), list: breaker() },
  }
  const budget = createRetryBudget()
  const counts = { attempts: 0, repetitions: 0 }
  return {
    run: async (call, attempt) => {
      let waitedMs = 0
      for (let number = 1; ; number++) {
        try {
          counts.attempts++
          const result = await runOnce(parts, call, attempt)
          budget.earn()
          return result
        } catch (error) {
          if (number >= attempts || call.signal?.aborted === true || !mayRepeat(call, error) || !budget.spend()) throw error
          counts.repetitions++
          waitedMs = decorrelated(options, waitedMs)
          await sleep(Math.max(waitedMs, retryAfterOf(error)), call.signal)
        }
      }
    },
    health: () => ({
      breakers: { read: parts.breakers.read.state, write: parts.breakers.write.state, list: parts.breakers.list.state },
      underWay: parts.limit.underWay,
      limit: parts.limit.limit,
      ...counts,
    }),
  }
}

async function runOnce<T>({ options, gate, limit, breakers }: Parts, call: PolicyCall, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const breaker = breakers[call.kind]
  await gate.pass(call.signal)
  const entering = limit.enter(call.signal)
  if (entering !== undefined) await entering
  let outcome: 'done' | 'overloaded' = 'done'
  try {
    const refusedMs = breaker.refusal()
    if (refusedMs !== undefined) throw new NexusError('unavailable', { op: call.op, retryAfterMs: refusedMs, reason: `It gave no answer several times in a row; it is asked again in ${Math.ceil(refusedMs / 1000)} s.` })
    try {
      const result = await withinTime(options.timeoutMs ?? 60_000, call, attempt)
      breaker.record(true)
      return result
    } catch (error) {
      const isSilent = isNexusError(error) && passing[error.code] === 'unknown'
      if (call.signal?.aborted === true) breaker.forget()
      else breaker.record(!isSilent)
      if (isSilent || isNexusError(error, 'rate_limited')) outcome = 'overloaded'
      if (retryAfterOf(error) > 0) gate.close(retryAfterOf(error))
      throw error
    }
  } finally {
    limit.leave(outcome)
  }
}

async function withinTime<T>(ms: number, { op, signal }: PolicyCall, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const aborter = new AbortController()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new NexusError('timeout', { op, reason: `There was no answer within ${ms} ms.` })
    aborter.abort(error)
    late.reject(error)
  }, ms)
  try {
    return await Promise.race([attempt(signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal])), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function mayRepeat({ repeat }: PolicyCall, error: unknown): boolean {
  const meaning = isNexusError(error) ? passing[error.code] : undefined
  return meaning !== undefined && (repeat === 'always' || (repeat === 'refused' && meaning === 'refused'))
}

/** Spreads callers over time without their being in step (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: decorrelated jitter). */
function decorrelated({ baseDelayMs = 50, maxDelayMs = 10_000, random = Math.random }: PolicyOptions, beforeMs: number): number {
  const upper = Math.max(baseDelayMs, beforeMs * 3)
  return Math.min(maxDelayMs, baseDelayMs + random() * (upper - baseDelayMs))
}

function retryAfterOf(error: unknown): number {
  return isNexusError(error) ? (error.retryAfterMs ?? 0) : 0
}
