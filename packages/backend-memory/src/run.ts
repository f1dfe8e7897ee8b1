import { memoryError, type MemoryState, type Place } from './state.ts'

/** Refuses a call that begins aborted or after close. @throws NexusError `unavailable`; `signal.reason` */
export function checkRunnable(state: MemoryState, place: Place, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted()
  if (state.isClosed) throw memoryError('unavailable', place, 'The backend is closed; open it again.')
}

/** Runs one call; `close` waits for it. */
export async function run<T>(
  state: MemoryState,
  place: Place & { readonly signal: AbortSignal | undefined },
  step: (place: Place) => T | Promise<T>,
): Promise<T> {
  checkRunnable(state, place, place.signal)
  const result = step({ op: place.op, path: place.path })
  if (!(result instanceof Promise)) return result
  state.running.add(result)
  try {
    return await result
  } finally {
    state.running.delete(result)
  }
}
