/** The middle value; of an even number, the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new RangeError('There is no median of nothing.')
  return (lower + upper) / 2
}

/** `12.3 us`, `4.56 ms`, `1.23 s`. */
export function formatTime(microseconds: number): string {
  if (microseconds >= 1e6) return `${(microseconds / 1e6).toPrecision(3)} s`
  if (microseconds >= 1e3) return `${(microseconds / 1e3).toPrecision(3)} ms`
  return `${microseconds.toPrecision(3)} us`
}

/** `1.5 MB` and kin, in powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toPrecision(3)} MB`
  if (bytes >= 1e3) return `${(bytes / 1e3).toPrecision(3)} KB`
  return `${Math.round(bytes)} B`
}
