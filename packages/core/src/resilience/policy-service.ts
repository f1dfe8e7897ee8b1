import type { ServiceHealth } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Sleep } from '../layers/sleep.ts'
import { type AdaptiveLimit, createAdaptiveLimit } from './adaptive-limit.ts'
import { createAttempt } from './attempt.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { createGate, type Gate } from './gate.ts'
import { createLatencies, type Latencies } from './latencies.ts'
import { outcomeOf, retryAfterOf } from './passing.ts'
import type { PolicyCall, PolicyOptions } from './policy.ts'
import type { StartTimer } from './start-timer.ts'

const callClasses = ['read', 'write', 'list'] as const

/** Calls that fail together: a provider may still read while it does not write. */
export type CallClass = (typeof callClasses)[number]

/** Slower than this a body is not taken any more: 64 KiB a second. */
const leastBytesPerMs = 65_536 / 1000

/** What is known of a provider, and what holds its calls back. */
export interface Service {
  readonly options: PolicyOptions
  readonly now: () => number
  readonly startTimer: StartTimer
  readonly gate: Gate
  readonly limit: AdaptiveLimit
  readonly breakers: Readonly<Record<CallClass, Breaker>>
  readonly latencies: Latencies
  readonly counts: { requests: number; repetitions: number; failures: number }
}

/** A service of which nothing is known. */
export function createService(options: PolicyOptions, world: { readonly now: () => number; readonly startTimer: StartTimer; readonly sleep: Sleep }): Service {
  const { now, startTimer, sleep } = world
  const breaker = (): Breaker => createBreaker({ now })
  return {
    options,
    now,
    startTimer,
    gate: options.gate ?? createGate({ now, sleep }),
    limit: createAdaptiveLimit(options.concurrency === undefined ? {} : { initial: options.concurrency }),
    breakers: { read: breaker(), write: breaker(), list: breaker() },
    latencies: createLatencies(),
    counts: { requests: 0, repetitions: 0, failures: 0 },
  }
}

/** How it is doing; asks nothing. */
export function healthOf({ breakers, counts, limit, gate, latencies }: Service): ServiceHealth {
  return {
    refusing: callClasses.filter((kind) => breakers[kind].state === 'open'),
    ...counts,
    underWay: limit.underWay,
    concurrencyLimit: limit.limit,
    pausedForMs: Math.ceil(gate.closedForMs()),
    latencyMs: latencies.summary(),
  }
}

/** One attempt, when gate, limit and breaker let it pass. */
export async function sendOnce<T>(service: Service, call: PolicyCall, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { limit, breakers } = service
  await enter(service, call)
  const refusedMs = breakers[call.kind].refusal()
  if (refusedMs === undefined) return sendNow(service, call, attempt)
  limit.leave('unsent')
  const reason = `It gave no answer several times in a row; it is asked again in ${Math.ceil(refusedMs / 1000)} s.`
  throw new NexusError('unavailable', { op: call.op, retryAfterMs: refusedMs, reason })
}

/** Waits for room among the calls under way while no pause is asked for: one that begins while a call waits for room holds it back too. */
async function enter({ gate, limit, options: { patienceMs = 60_000 } }: Service, { op, signal }: PolicyCall): Promise<void> {
  for (;;) {
    for (let pausedMs = gate.closedForMs(); pausedMs > 0; pausedMs = gate.closedForMs()) {
      const reason = `The service asks not to be asked for another ${Math.ceil(pausedMs / 1000)} s.`
      if (pausedMs > patienceMs) throw new NexusError('rate_limited', { op, retryAfterMs: pausedMs, reason })
      await gate.pass(signal)
    }
    const entering = limit.enter(signal)
    if (entering === undefined) return
    await entering
    if (gate.closedForMs() === 0) return
    limit.leave('unsent')
  }
}

async function sendNow<T>(service: Service, call: PolicyCall, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { options, limit, breakers, latencies, counts, now, startTimer } = service
  const { op, kind, signal, changes, bodyBytes = 0, workMs = 0 } = call
  const ms = Math.ceil((options.timeoutMs ?? 60_000) + bodyBytes / leastBytesPerMs + workMs)
  const bounded = createAttempt({ ms, startTimer, op, signal, code: changes === true ? 'outcome_unknown' : 'timeout' })
  const beganAt = now()
  counts.requests++
  try {
    const result = await bounded.run(() => attempt(bounded.signal))
    breakers[kind].record(true)
    limit.leave('done')
    latencies.add(now() - beganAt)
    return result
  } catch (error) {
    settle(service, call, error)
    if (signal?.aborted !== true && outcomeOf(error) !== 'unknown') latencies.add(now() - beganAt)
    throw error
  }
}

/** What a failed attempt says of the service; one that its caller gave up says nothing. */
function settle({ gate, limit, breakers, counts }: Service, { kind, signal }: PolicyCall, error: unknown): void {
  if (signal?.aborted === true) {
    breakers[kind].forget()
    limit.leave('done')
    return
  }
  const outcome = outcomeOf(error)
  breakers[kind].record(outcome !== 'unknown')
  limit.leave(outcome === 'unknown' || isNexusError(error, 'rate_limited') ? 'overloaded' : 'done')
  if (outcome !== 'final') counts.failures++
  if (retryAfterOf(error) > 0) gate.close(retryAfterOf(error))
}
