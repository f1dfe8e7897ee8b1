import { NexusError } from '@nexus/core/contract'
import { toNexusError } from './errors.ts'

/** The call that runs: for its errors and its end. */
export interface Call {
  readonly op: string
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

/** Counts the calls under way, so that `close` can wait for them, and tells their failures as Nexus does. */
export interface Activity {
  /** Runs one call. An abort rejects at once with `signal.reason`; what the call has in hand is still put in order before `close` ends. */
  readonly run: <T>(call: Call, work: () => T | Promise<T>) => Promise<T>
  /** Refuses new calls, waits for those under way. */
  readonly close: () => Promise<void>
}

/** An activity with no call under way. */
export function createActivity(): Activity {
  const pending = new Set<Promise<unknown>>()
  let closed = false
  const run = async <T>(call: Call, work: () => T | Promise<T>): Promise<T> => {
    if (closed) throw new NexusError('unavailable', { ...placeOf(call), backend: 'local', reason: 'The mount was closed.' })
    call.signal?.throwIfAborted()
    try {
      const result = work()
      if (!(result instanceof Promise)) return result
      const settled = result.then(forget, forget)
      pending.add(settled)
      void settled.then(() => pending.delete(settled))
      return await orAborted(result, call.signal)
    } catch (error) {
      if (call.signal?.aborted === true) throw call.signal.reason
      throw toNexusError(error, placeOf(call))
    }
  }
  const close = async (): Promise<void> => {
    closed = true
    await Promise.all(pending)
  }
  return { run, close }
}

/** The promise, unless the signal is first: then its reason. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}

function placeOf({ op, path }: Call): { op: string; path: string } {
  return { op, path }
}

function forget(): void {
  // Only the end matters here; the caller of `run` gets the outcome.
}
