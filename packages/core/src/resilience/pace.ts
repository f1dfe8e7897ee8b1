import { NexusError } from '../contract/errors.ts'
import { platformTimer, type StartTimer } from './start-timer.ts'

/** Reads the next piece of a body. @throws NexusError `timeout` when the body does not come forward */
export type Pace = <T extends { readonly value?: Uint8Array | undefined }>(read: () => Promise<T>) => Promise<T>

/** How slowly a body may come. */
export interface PaceOptions {
  /** Milliseconds of waiting in which `leastBytes` have to come. Default 20,000. */
  readonly windowMs?: number | undefined
  /** Default 1024. */
  readonly leastBytes?: number | undefined
  /** Milliseconds; default the system's clock. */
  readonly now?: (() => number) | undefined
  readonly startTimer?: StartTimer | undefined
}

/**
 * Ends a body that stalls or comes in drops. Only time in which the reader waits for a piece counts: a reader who takes its time is no fault of the
 * service. One for each body.
 */
export function createPace({ windowMs = 20_000, leastBytes = 1024, now = Date.now, startTimer = platformTimer }: PaceOptions = {}): Pace {
  let leftMs = windowMs
  let bytes = 0
  return async (read) => {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const stop = startTimer(Math.max(0, leftMs), () => {
      reject(new NexusError('timeout', { reason: `Fewer than ${leastBytes} bytes of the body came within ${windowMs} ms.` }))
    })
    const beganAt = now()
    try {
      const result = await Promise.race([read(), late])
      bytes += result.value?.length ?? 0
      leftMs -= now() - beganAt
      if (bytes >= leastBytes) [leftMs, bytes] = [windowMs, 0]
      return result
    } finally {
      stop()
    }
  }
}
