import { platformTimer, type StartTimer } from '../resilience/start-timer.ts'

/** Waits, or rejects with `signal.reason` as soon as the signal is aborted. Tests give one that does not wait. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

/** {@link Sleep} by a timer. */
export const sleepBy =
  (startTimer: StartTimer): Sleep =>
  (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      const onAbort = (): void => {
        stop()
        reject(signal?.reason as Error)
      }
      const stop = startTimer(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })

/** {@link Sleep} by the platform's timer. */
export const sleep: Sleep = sleepBy(platformTimer)
