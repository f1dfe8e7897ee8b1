import { expect, it } from 'vitest'
import { createGates, processGates } from './gates.ts'
import { createPace } from './pace.ts'
import type { StartTimer } from './start-timer.ts'

/** Time that passes while a piece is waited for, and while the reader rests. */
function slowBody(): { readonly read: (ms: number, bytes: number) => Promise<unknown>; readonly rest: (ms: number) => void } {
  let time = 0
  let timer: { readonly at: number; readonly late: () => void } | undefined
  const startTimer: StartTimer = (ms, late) => {
    timer = { at: time + ms, late }
    return () => (timer = undefined)
  }
  const pace = createPace({ windowMs: 1000, leastBytes: 100, now: () => time, startTimer })
  const piece = async (ms: number, bytes: number): Promise<{ value: Uint8Array }> => {
    time += ms
    if (timer === undefined || timer.at > time) return { value: new Uint8Array(bytes) }
    timer.late()
    return await new Promise<never>(() => undefined)
  }
  return { read: (ms, bytes) => pace(() => piece(ms, bytes)), rest: (ms) => void (time += ms) }
}

it('a body that stalls is ended', async () => {
  const { read } = slowBody()
  await read(999, 1)
  await expect(slowBody().read(1000, 1)).rejects.toMatchObject({ code: 'timeout' })
})

it('a body that comes in drops is ended, and one that comes fast enough is not', async () => {
  const drops = slowBody()
  for (let count = 0; count < 9; count++) await drops.read(100, 1)
  await expect(drops.read(100, 1)).rejects.toThrow('Fewer than 100 bytes of the body came within 1000 ms')
  const enough = slowBody()
  for (let count = 0; count < 100; count++) await enough.read(300, 40)
})

it('a reader who rests is no fault of the service', async () => {
  const { read, rest } = slowBody()
  for (let count = 0; count < 9; count++) {
    await read(100, 1)
    rest(60_000)
  }
  await expect(read(100, 1)).rejects.toMatchObject({ code: 'timeout' })
})

it('an account has one gate, whoever asks, also through another copy of the package', () => {
  const gateFor = createGates()
  expect(gateFor('a')).toBe(gateFor('a'))
  expect(gateFor('a')).not.toBe(gateFor('b'))
  expect(processGates()).toBe((globalThis as Record<symbol, unknown>)[Symbol.for('nexus.gates')])
})
