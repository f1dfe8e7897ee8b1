/** What a breaker lets through now. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** Ends calls before they begin while a provider is down, and tries now and then whether it is back (Nygard, Release It!, chapter 5). */
export interface Breaker {
  /** @returns `undefined` to go on, or the milliseconds after which a call may be tried */
  refusal(): number | undefined
  /** A call that went on has ended: the provider answered, whatever it said, or it did not. */
  record(isAnswered: boolean): void
  /** A call that went on was given up by its caller, which says nothing. */
  forget(): void
  readonly state: BreakerState
}

/** When a breaker opens, and for how long. */
export interface BreakerOptions {
  /** So many calls in a row without an answer open it. Default 8. */
  readonly failures?: number | undefined
  /** First pause in milliseconds; each trial that fails doubles it, up to 30 s. Default 500. */
  readonly pauseMs?: number | undefined
  readonly now?: (() => number) | undefined
}

const maxPauseMs = 30_000

/** A closed breaker, for one class of calls of one provider. */
export function createBreaker({ failures = 8, pauseMs = 500, now = Date.now }: BreakerOptions = {}): Breaker {
  let inRow = 0
  let pause = pauseMs
  let triesAt: number | undefined
  let isTrying = false
  const stateNow = (): BreakerState => (triesAt === undefined ? 'closed' : isTrying || now() >= triesAt ? 'half-open' : 'open')
  return {
    get state() {
      return stateNow()
    },
    refusal: () => {
      if (triesAt === undefined) return undefined
      const leftMs = triesAt - now()
      if (leftMs > 0) return leftMs
      if (isTrying) return pause
      isTrying = true
      return undefined
    },
    record: (isAnswered) => {
      const wasTrial = isTrying
      isTrying = false
      if (isAnswered) {
        inRow = 0
        pause = pauseMs
        triesAt = undefined
        return
      }
      inRow++
      if (wasTrial) pause = Math.min(maxPauseMs, pause * 2)
      if (wasTrial || inRow >= failures) triesAt = now() + pause
    },
    forget: () => {
      isTrying = false
    },
  }
}
