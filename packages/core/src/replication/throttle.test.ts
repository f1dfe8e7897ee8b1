import { describe, expect, it } from 'vitest'
import { createThrottle } from './throttle.ts'

/** A clock that goes on only by sleeping. */
function clock() {
  let time = 0
  const slept: number[] = []
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted()
    slept.push(ms)
    time += ms
    return Promise.resolve()
  }
  return { now: () => time, sleep, slept, pass: (ms: number) => void (time += ms) }
}

describe('a throttle', () => {
  it('lets bytes through at the rate, whoever they belong to', async () => {
    const time = clock()
    const throttle = createThrottle(1000, time)
    for (const size of [500, 500, 2000]) await throttle.take(size)
    expect(time.slept).toEqual([500, 500, 2000])
    expect(time.now()).toBe(3000)
  })

  it('puts those who come together one behind the other', async () => {
    const time = clock()
    const throttle = createThrottle(1000, { now: () => 0, sleep: time.sleep })
    await Promise.all([throttle.take(1000), throttle.take(1000), throttle.take(1000)])
    expect(time.slept).toEqual([1000, 2000, 3000])
  })

  it('saves nothing up in a pause', async () => {
    const time = clock()
    const throttle = createThrottle(1000, time)
    await throttle.take(100)
    time.pass(60_000)
    await throttle.take(1000)
    expect(time.slept).toEqual([100, 1000])
  })

  it('ends with the signal, and refuses a rate that lets nothing through', async () => {
    await expect(createThrottle(1, clock()).take(1, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    for (const rate of [0, -1, Number.NaN]) expect(() => createThrottle(rate)).toThrow('bytesPerSecond is a number above 0')
  })
})
