import { NexusError } from '../contract/errors.ts'

/** Bounds each step of one call. */
export interface Deadline {
  /** Aborted with a `timeout` error when a step takes too long; `undefined` without a limit. */
  readonly signal: AbortSignal | undefined
  /** The step's own result, or the `timeout` error, also when what was called does not heed its signal. */
  step<T>(work: () => Promise<T>): Promise<T>
}

/** @param timeoutMs Longest a step may take; `undefined`: for ever. */
export function openDeadline(timeoutMs: number | undefined, place: { readonly op: string; readonly path: string | undefined }): Deadline {
  if (timeoutMs === undefined) return { signal: undefined, step: (work) => work() }
  const controller = new AbortController()
  const { signal } = controller
  return {
    signal,
    async step(work) {
      const { promise, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => {
        const error = new NexusError('timeout', { ...place, reason: `It took longer than ${timeoutMs} ms.` })
        reject(error)
        controller.abort(error)
      }, timeoutMs)
      try {
        return await Promise.race([work(), promise])
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
