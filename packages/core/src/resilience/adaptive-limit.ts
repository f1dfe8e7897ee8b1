/** How many calls may be under way at once. */
export interface AdaptiveLimit {
  /** Resolves when there is room, in order of arrival; at once and without a promise where there is. Rejects with `signal.reason`. */
  enter(signal?: AbortSignal): Promise<void> | undefined
  /** Ends a call that entered. `overloaded`: the provider could not keep up, so that fewer go at once from now on. `unsent`: it was not asked after all. */
  leave(outcome: 'done' | 'overloaded' | 'unsent'): void
  readonly limit: number
  readonly underWay: number
}

/**
 * A limit that finds out what a provider bears: each answer makes it a little larger, each sign of overload cuts it (additive increase, multiplicative
 * decrease: Chiu and Jain, Computer Networks and ISDN Systems 17, 1989).
 */
export function createAdaptiveLimit({ initial = 32, least = 1, most = 128 }: { readonly initial?: number; readonly least?: number; readonly most?: number } = {}): AdaptiveLimit {
  const waiting = new Set<() => void>()
  let limit = initial
  let underWay = 0
  let answersSinceCut = 0
  const admit = (): void => {
    for (const next of waiting) {
      if (underWay >= Math.floor(limit)) return
      waiting.delete(next)
      underWay++
      next()
    }
  }
  const queue = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', give)
        resolve()
      }
      const give = (): void => {
        waiting.delete(enter)
        reject(signal?.reason as Error)
      }
      waiting.add(enter)
      signal?.addEventListener('abort', give, { once: true })
    })
  return {
    enter: (signal) => {
      signal?.throwIfAborted()
      if (waiting.size > 0 || underWay >= Math.floor(limit)) return queue(signal)
      underWay++
      return undefined
    },
    leave: (outcome) => {
      underWay--
      if (outcome !== 'unsent') answersSinceCut++
      if (outcome === 'done') limit = Math.min(most, limit + 1 / limit)
      // What was under way together fails together: that is one sign, not many.
      else if (outcome === 'overloaded' && (answersSinceCut >= limit || limit === initial)) {
        limit = Math.max(least, limit * 0.7)
        answersSinceCut = 0
      }
      admit()
    },
    get limit() {
      return Math.floor(limit)
    },
    get underWay() {
      return underWay
    },
  }
}
