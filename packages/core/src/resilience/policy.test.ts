import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ErrorCode, NexusError } from '../contract/errors.ts'
import { createAdaptiveLimit } from './adaptive-limit.ts'
import { createBreaker } from './breaker.ts'
import { createGate } from './gate.ts'
import { createPolicy, type Policy, type PolicyCall, type PolicyOptions } from './policy.ts'
import { createRetryBudget } from './retry-budget.ts'

/** A clock that only waiting moves. */
function clock(): { readonly options: Required<Pick<PolicyOptions, 'now' | 'random' | 'sleep'>>; readonly waits: number[]; readonly pass: (ms: number) => void } {
  let time = 0
  const waits: number[] = []
  const sleep = (ms: number): Promise<void> => {
    waits.push(ms)
    time += ms
    return Promise.resolve()
  }
  return { waits, pass: (ms) => (time += ms), options: { now: () => time, random: () => 1, sleep } }
}

const reading: PolicyCall = { op: 'stat', kind: 'read', repeat: 'always' }

/** Runs a call that fails with the codes given, one after the other, then succeeds. */
async function attempts(policy: Policy, codes: readonly ErrorCode[], { call = reading, retryAfterMs }: { call?: PolicyCall; retryAfterMs?: number } = {}): Promise<{ count: number; result: unknown }> {
  let count = 0
  const run = policy.run(call, () => {
    const code = codes[count++]
    return code === undefined ? Promise.resolve('done') : Promise.reject(new NexusError(code, { retryAfterMs }))
  })
  const result: unknown = await run.catch((error: unknown) => (error as NexusError).code)
  return { count, result }
}

describe('a policy', () => {
  it('repeats what may pass, with waits that grow and never exceed their bound', async () => {
    const { options, waits } = clock()
    const policy = createPolicy({ ...options, attempts: 6, maxDelayMs: 500 })
    expect(await attempts(policy, ['unavailable', 'timeout', 'rate_limited', 'busy', 'outcome_unknown'])).toEqual({ count: 6, result: 'done' })
    expect(waits).toEqual([50, 150, 450, 500, 500])
  })

  it.each<[PolicyCall['repeat'], ErrorCode, number]>([
    ['refused', 'rate_limited', 2],
    ['refused', 'busy', 2],
    ['refused', 'unavailable', 1],
    ['refused', 'outcome_unknown', 1],
    ['never', 'rate_limited', 1],
    ['always', 'not_found', 1],
    ['always', 'precondition_failed', 1],
    ['always', 'corrupt', 1],
  ])('sends a call that may be repeated %s, after %s, %d times', async (repeat, code, count) => {
    expect((await attempts(createPolicy(clock().options), [code], { call: { ...reading, repeat } })).count).toBe(count)
  })

  it('ends with the last failure when all attempts are used up', async () => {
    expect(await attempts(createPolicy(clock().options), Array<ErrorCode>(9).fill('timeout'))).toEqual({ count: 4, result: 'timeout' })
  })

  it('holds back every call while the provider has asked for a pause', async () => {
    const { options, waits } = clock()
    const gate = createGate(options)
    const [one, other] = [createPolicy({ ...options, gate, attempts: 1 }), createPolicy({ ...options, gate })]
    await attempts(one, ['rate_limited'], { retryAfterMs: 7000 })
    await attempts(other, [])
    expect(waits).toEqual([7000])
  })

  it('asks a provider that is away no more than once a pause, and goes on when it is back', async () => {
    const { options, pass } = clock()
    const policy = createPolicy({ ...options, attempts: 1 })
    for (let index = 0; index < 8; index++) await attempts(policy, ['unavailable'])
    expect(policy.health().refusing).toEqual(['read'])
    expect(await attempts(policy, [])).toEqual({ count: 0, result: 'unavailable' })
    expect((await attempts(policy, [], { call: { ...reading, kind: 'write' } })).result).toBe('done')
    pass(500)
    expect((await attempts(policy, ['unavailable'])).count).toBe(1)
    pass(999)
    expect((await attempts(policy, [])).count).toBe(0)
    pass(1)
    expect(await attempts(policy, [])).toEqual({ count: 1, result: 'done' })
    expect(policy.health()).toMatchObject({ refusing: [], requests: 11, repetitions: 0, failures: 9 })
  })

  it('stops repeating when repetitions outnumber successes', async () => {
    const policy = createPolicy({ ...clock().options, attempts: 2 })
    let sent = 0
    for (let index = 0; index < 100; index++) sent += (await attempts(policy, ['busy', 'busy'])).count
    expect(sent).toBe(132)
  })

  it('ends an attempt that gives no answer in time, and lets it know', async () => {
    let heard: unknown
    const policy = createPolicy({ ...clock().options, attempts: 1, timeoutMs: 1 })
    const silent = policy.run(reading, (signal) => new Promise<never>(() => signal.addEventListener('abort', () => void (heard = signal.reason))))
    await expect(silent).rejects.toMatchObject({ code: 'timeout' })
    expect(heard).toMatchObject({ code: 'timeout' })
  })

  it('never says that nothing happened when an attempt of a change gave no answer', async () => {
    const changing: PolicyCall = { ...reading, kind: 'write', changes: true }
    const { options } = clock()
    expect((await attempts(createPolicy(options), ['outcome_unknown', 'precondition_failed'], { call: changing })).result).toBe('outcome_unknown')
    expect((await attempts(createPolicy(options), ['unavailable', 'precondition_failed'], { call: changing })).result).toBe('precondition_failed')
    expect((await attempts(createPolicy(options), ['outcome_unknown', 'permission_denied'])).result).toBe('permission_denied')
    const silent = createPolicy({ ...options, attempts: 1, timeoutMs: 1 }).run(changing, () => new Promise<never>(() => undefined))
    await expect(silent).rejects.toMatchObject({ code: 'outcome_unknown' })
  })

  it('gives a body time by its length, and work of the provider the time that is named', async () => {
    const given: number[] = []
    const startTimer = (ms: number): (() => void) => {
      given.push(ms)
      return () => undefined
    }
    const policy = createPolicy({ startTimer, timeoutMs: 1000 })
    await policy.run(reading, () => Promise.resolve())
    await policy.run({ ...reading, bodyBytes: 8 * 1024 ** 2 }, () => Promise.resolve())
    await policy.run({ ...reading, workMs: 5000 }, () => Promise.resolve())
    expect(given).toEqual([1000, 129_000, 6000])
  })

  it('does not wait for a pause that is too long, and says how long it is', async () => {
    const { options, waits } = clock()
    const policy = createPolicy({ ...options, patienceMs: 5000 })
    expect(await attempts(policy, ['rate_limited'], { retryAfterMs: 6000 })).toEqual({ count: 1, result: 'rate_limited' })
    await expect(policy.run(reading, () => Promise.resolve())).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 6000 })
    expect([waits, policy.health().pausedForMs]).toEqual([[], 6000])
  })

  /** A clock under which who sleeps waits for `pass`. */
  function slowClock(): { readonly options: Required<Pick<PolicyOptions, 'now' | 'random' | 'sleep'>>; readonly pass: (ms: number) => Promise<void> } {
    let time = 0
    let sleepers: { readonly until: number; readonly wake: () => void }[] = []
    const pass = async (ms: number): Promise<void> => {
      time += ms
      const due = sleepers.filter(({ until }) => until <= time)
      sleepers = sleepers.filter(({ until }) => until > time)
      for (const { wake } of due) wake()
      await setImmediate()
    }
    return { pass, options: { now: () => time, random: () => 1, sleep: (ms) => new Promise((wake) => sleepers.push({ until: time + ms, wake })) } }
  }

  it('sends none of those that waited for room while the provider has asked for a pause', async () => {
    const { options, pass } = slowClock()
    const policy = createPolicy({ ...options, concurrency: 4 })
    let sent = 0
    const attempt = async (): Promise<void> => {
      const number = ++sent
      await setImmediate()
      if (number === 1) throw new NexusError('rate_limited', { retryAfterMs: 1000 })
    }
    const calls = Promise.all(Array.from({ length: 200 }, () => policy.run(reading, attempt)))
    for (let turn = 0; turn < 10; turn++) await pass(0)
    await pass(999)
    expect(sent).toBe(4)
    await pass(1)
    await calls
    expect([sent, policy.health().failures]).toEqual([201, 1])
  })

  it('does not wait for a pause that becomes too long while it waits', async () => {
    const { options, pass } = slowClock()
    const gate = createGate(options)
    const policy = createPolicy({ ...options, gate, patienceMs: 5000 })
    gate.close(4000)
    const call = policy.run(reading, () => Promise.resolve('sent')).catch((error: unknown) => error)
    gate.close(20_000)
    await pass(4000)
    expect(await call).toMatchObject({ code: 'rate_limited', retryAfterMs: 16_000 })
  })

  it('tells how long answers took to begin', async () => {
    const { options, pass } = clock()
    const policy = createPolicy({ ...options, attempts: 1 })
    for (let ms = 1; ms <= 300; ms++) {
      await policy.run(reading, () => {
        pass(ms)
        return ms % 2 === 0 ? Promise.resolve() : Promise.reject(new NexusError('not_found'))
      }).catch(() => undefined)
    }
    // Of the last 256, which took 45 to 300 ms.
    expect(policy.health().latencyMs).toEqual({ median: 172, p95: 288 })
  })

  it('ends at once with the reason of its caller, who says nothing about the provider', async () => {
    const policy = createPolicy(clock().options)
    for (let index = 0; index < 20; index++) {
      const aborter = new AbortController()
      const run = policy.run({ ...reading, signal: aborter.signal }, (signal) => {
        const ended = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
        aborter.abort(new Error(`no ${index}`))
        return ended
      })
      await expect(run).rejects.toThrow(`no ${index}`)
    }
    expect(policy.health()).toMatchObject({ refusing: [], underWay: 0, requests: 20, failures: 0, latencyMs: undefined })
  })
})

describe('an adaptive limit', () => {
  it('lets in so many, the others in order, and is cut once for what failed together', async () => {
    const limit = createAdaptiveLimit({ initial: 2 })
    const order: number[] = []
    expect([limit.enter(), limit.enter()]).toEqual([undefined, undefined])
    const waiting = [3, 4].map(async (number) => {
      await limit.enter()
      order.push(number)
    })
    limit.leave('overloaded')
    limit.leave('overloaded')
    await Promise.race(waiting)
    expect([order, limit.limit, limit.underWay]).toEqual([[3], 1, 1])
    limit.leave('done')
    await Promise.all(waiting)
    expect(order).toEqual([3, 4])
  })

  it('grows with answers', () => {
    const limit = createAdaptiveLimit({ initial: 4, most: 6 })
    for (let index = 0; index < 100; index++) {
      void limit.enter()
      limit.leave('done')
    }
    expect(limit.limit).toBe(6)
  })

  it('forgets who gave up waiting', async () => {
    const limit = createAdaptiveLimit({ initial: 1 })
    void limit.enter()
    const aborter = new AbortController()
    const waiting = limit.enter(aborter.signal)
    aborter.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    limit.leave('done')
    expect(limit.underWay).toBe(0)
  })
})

it('a breaker lets one call try while others are refused', () => {
  const { options, pass } = clock()
  const breaker = createBreaker({ failures: 1, pauseMs: 10, now: options.now })
  expect(breaker.refusal()).toBeUndefined()
  breaker.record(false)
  pass(10)
  expect([breaker.refusal(), breaker.refusal()]).toEqual([undefined, 10])
  breaker.forget()
  expect(breaker.refusal()).toBeUndefined()
})

it('a budget is earned by successes, up to its reserve', () => {
  const budget = createRetryBudget({ ratio: 0.5, reserve: 1 })
  expect([budget.spend(), budget.spend()]).toEqual([true, false])
  for (let index = 0; index < 10; index++) budget.earn()
  expect([budget.spend(), budget.spend()]).toEqual([true, false])
})

it('a gate lets through who gives up waiting, with its reason', async () => {
  const gate = createGate()
  gate.close(60_000)
  await expect(gate.pass(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
})
