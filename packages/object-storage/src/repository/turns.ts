/** Lets one after the other work. */
export interface Turns {
  /** Waits for those before. @throws `signal.reason` when aborted while waiting */
  readonly take: <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>
  /** Resolves when nobody works or waits. */
  readonly idle: () => Promise<void>
}

/** A queue of one place. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(signal, work) {
      const { promise: given, resolve, reject } = Promise.withResolvers<undefined>()
      const onAbort = (): void => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      void last.then(() => resolve(undefined))
      // Once it is its turn, work itself listens to the signal, and knows what became of what it began.
      const mine = given.finally(() => signal?.removeEventListener('abort', onAbort)).then(work)
      last = Promise.allSettled([last, mine])
      return mine
    },
    async idle() {
      for (let seen: Promise<unknown> | undefined; seen !== last; ) {
        seen = last
        await seen
      }
    },
  }
}
