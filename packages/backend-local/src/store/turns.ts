/** Lets callers of one process in, one at a time, in order of arrival. */
export interface Turns {
  /** `undefined` when it is the caller's turn at once; otherwise resolves then. Rejects with `signal.reason`. */
  enter(signal: AbortSignal | undefined): Promise<void> | undefined
  /** Whether it is the caller's turn at once; otherwise it does not wait for one. */
  tryEnter(): boolean
  leave(): void
}

/** @returns Turns that nobody has. */
export function createTurns(): Turns {
  const waiting = new Set<() => void>()
  let taken = false
  return {
    enter: (signal) => {
      if (!taken) {
        taken = true
        return undefined
      }
      return new Promise((resolve, reject) => {
        const admit = (): void => {
          signal?.removeEventListener('abort', give)
          resolve()
        }
        const give = (): void => {
          waiting.delete(admit)
          reject(signal?.reason as Error)
        }
        waiting.add(admit)
        signal?.addEventListener('abort', give, { once: true })
      })
    },
    tryEnter: () => {
      if (taken) return false
      return (taken = true)
    },
    leave: () => {
      const [next] = waiting
      if (next === undefined) {
        taken = false
        return
      }
      waiting.delete(next)
      next()
    },
  }
}
