import { setImmediate, setTimeout } from 'node:timers/promises'

/** Waits so many milliseconds, or one turn of the loop for 0. @throws `signal.reason` when aborted */
export async function abortableDelay(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  try {
    await (ms === 0 ? setImmediate(undefined, { signal }) : setTimeout(ms, undefined, { signal }))
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
