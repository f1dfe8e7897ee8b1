import { NexusError } from '../contract/errors.ts'
import { type Sleep, sleep as platformSleep } from '../layers/sleep.ts'

/** Holds bytes back so that no more than so many pass in a second, however many files are under way. */
export interface Throttle {
  /** Resolves when the bytes may go on. @throws `signal.reason` when aborted */
  take(sizeBytes: number, signal?: AbortSignal): Promise<void>
}

/** What a throttle has of the world. */
interface ThrottleClock {
  /** Milliseconds, never going back. */
  readonly now?: (() => number) | undefined
  readonly sleep?: Sleep | undefined
}

/**
 * A throttle that saves nothing up: a pause is followed by no burst.
 * @throws NexusError `invalid_argument` unless the limit is more than 0
 */
export function createThrottle(bytesPerSecond: number, { now = () => performance.now(), sleep = platformSleep }: ThrottleClock = {}): Throttle {
  if (!(bytesPerSecond > 0)) throw new NexusError('invalid_argument', { reason: `bytesPerSecond is a number above 0; it is ${String(bytesPerSecond)}.` })
  let freeAt = -Infinity
  return {
    take: async (sizeBytes, signal) => {
      const start = Math.max(now(), freeAt)
      freeAt = start + (sizeBytes / bytesPerSecond) * 1000
      const waitMs = freeAt - now()
      if (waitMs > 0) await sleep(waitMs, signal)
    },
  }
}
