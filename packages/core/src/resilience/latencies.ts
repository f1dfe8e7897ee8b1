/** The last latencies of a service. */
export interface Latencies {
  add(ms: number): void
  /** Over the last 256, in milliseconds; `undefined` before the first. */
  summary(): { readonly median: number; readonly p95: number } | undefined
}

const kept = 256

/** A ring of latencies, empty. */
export function createLatencies(): Latencies {
  const ring = new Float64Array(kept)
  let count = 0
  return {
    add: (ms) => {
      ring[count % kept] = ms
      count++
    },
    summary: () => {
      if (count === 0) return undefined
      const sorted = ring.slice(0, Math.min(count, kept)).sort()
      const at = (part: number): number => Math.round(sorted[Math.ceil(part * sorted.length) - 1] ?? 0)
      return { median: at(0.5), p95: at(0.95) }
    },
  }
}
