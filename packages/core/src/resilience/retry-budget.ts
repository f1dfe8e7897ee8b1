/** Bounds repetitions to a part of all calls, so that a provider in trouble is not asked several times as often as usual. */
export interface RetryBudget {
  /** A call succeeded at its first attempt or a later one. */
  earn(): void
  /** @returns Whether one repetition is paid for */
  spend(): boolean
}

/** @param options.ratio Repetitions earned by one success; @param options.reserve Repetitions that are there from the beginning, and kept at most. */
export function createRetryBudget({ ratio = 0.2, reserve = 32 }: { readonly ratio?: number; readonly reserve?: number } = {}): RetryBudget {
  let left = reserve
  return {
    earn: () => {
      left = Math.min(reserve, left + ratio)
    },
    spend: () => {
      if (left < 1) return false
      left--
      return true
    },
  }
}
