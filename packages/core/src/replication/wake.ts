import { sleep } from '../layers/sleep.ts'

/** Wakes who waits for work; a ring while nobody waits is not lost. */
export interface Wake {
  ring(): void
  /** Resolves at a ring, or after so many milliseconds (`Infinity`: at a ring alone). @throws the signal's reason */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** Nobody rang yet. */
export function createWake(): Wake {
  let rung = Promise.withResolvers<undefined>()
  return {
    ring: () => rung.resolve(undefined),
    wait: async (ms, signal) => {
      const over = new AbortController()
      const waiting = AbortSignal.any([signal, over.signal])
      // A timer holds no more than 2^31 - 1 milliseconds.
      // However it ends is looked at below.
      const slept = sleep(Math.min(Math.max(ms, 0), 0x7fff_ffff), waiting).catch(() => undefined)
      await Promise.race([rung.promise, slept])
      over.abort()
      await slept
      signal.throwIfAborted()
      rung = Promise.withResolvers<undefined>()
    },
  }
}
