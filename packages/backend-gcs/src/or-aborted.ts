/** Waits, but not longer than until the signal: what is waited for goes on for others. @throws the signal's reason */
export async function orAborted<T>(wait: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return wait
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => {
    reject(signal.reason)
  }
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([wait, aborted]).finally(() => {
    signal.removeEventListener('abort', onAbort)
  })
}
