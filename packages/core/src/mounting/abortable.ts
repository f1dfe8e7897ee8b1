/**
 * Waits for something that may not look at the signal itself.
 * @param discard Gets the value that comes after the signal was aborted.
 * @throws The signal's reason as soon as it is aborted.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined, discard: (late: T) => Promise<void>): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    let isAborted = false
    const abort = (): void => {
      isAborted = true
      reject(signal.reason as Error)
    }
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    promise
      .then((value) => (isAborted ? discard(value) : resolve(value)))
      // After an abort nobody waits any more: a late failure, of opening or of discarding, has no one to be told to.
      .catch((error: unknown) => reject(error as Error))
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
