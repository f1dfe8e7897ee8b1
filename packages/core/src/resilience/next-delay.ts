/** Bounds of the waits between two attempts, in milliseconds. */
export interface DelayOptions {
  /** Shortest wait. Default 50. */
  readonly baseDelayMs?: number | undefined
  /** Longest wait but one that the provider asks for. Default 10,000. */
  readonly maxDelayMs?: number | undefined
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

/**
 * The wait after one of `beforeMs` (0 before the first): spreads callers over time without their being in step (Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015: decorrelated jitter).
 */
export function nextDelay(beforeMs: number, { baseDelayMs = 50, maxDelayMs = 10_000, random = Math.random }: DelayOptions = {}): number {
  const upper = Math.max(baseDelayMs, beforeMs * 3)
  return Math.min(maxDelayMs, baseDelayMs + random() * (upper - baseDelayMs))
}
