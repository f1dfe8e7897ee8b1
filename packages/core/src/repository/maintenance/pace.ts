import { performance } from 'node:perf_hooks'
import { abortableDelay } from '../delay.ts'

const stretchMs = 8

/** Asked between steps of long work: a promise when the event loop should have its turn, nothing when the work may go on. */
export type Pace = () => Promise<void> | undefined

/** @param signal Aborts the work at its next step, with `signal.reason`. */
export function createPace(signal: AbortSignal | undefined): Pace {
  let since = performance.now()
  return () => {
    if (performance.now() - since < stretchMs && signal?.aborted !== true) return undefined
    return abortableDelay(0, signal).then(() => void (since = performance.now()))
  }
}
