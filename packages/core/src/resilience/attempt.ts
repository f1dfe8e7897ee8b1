import { NexusError } from '../contract/errors.ts'
import type { StartTimer } from './start-timer.ts'

/** An attempt that ends in time. */
export interface Attempt {
  /** For whoever makes the attempt: the caller's, or that the time is over. */
  readonly signal: AbortSignal
  /** Runs something within the time; when it is over, the signal is aborted and the failure thrown, whether or not anybody listens. */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** What an attempt may take, and whose it is. */
export interface AttemptOptions {
  readonly ms: number
  readonly startTimer: StartTimer
  readonly op: string
  readonly path?: string | undefined
  readonly backend?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Default `timeout`; `outcome_unknown` for what may have happened all the same. */
  readonly code?: 'timeout' | 'outcome_unknown' | undefined
}

/** Bounds an attempt; its signal serves several runs, one after the other. */
export function createAttempt({ ms, startTimer, op, path, backend, signal, code = 'timeout' }: AttemptOptions): Attempt {
  const aborter = new AbortController()
  return {
    signal: signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]),
    run: async (work) => {
      const { promise: late, reject } = Promise.withResolvers<never>()
      const stop = startTimer(ms, () => {
        const more = code === 'timeout' ? '' : ' It may have happened or not.'
        const error = new NexusError(code, { op, path, backend, reason: `There was no answer within ${ms} ms.${more}` })
        aborter.abort(error)
        reject(error)
      })
      try {
        return await Promise.race([work(), late])
      } finally {
        stop()
      }
    },
  }
}
