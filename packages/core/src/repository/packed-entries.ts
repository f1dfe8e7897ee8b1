import type { JournalEntry } from '../contract/store.ts'

/** Commits as one block of memory, which moves to another thread without being copied. */
export interface PackedEntries {
  readonly headers: Uint8Array<ArrayBuffer>
  /** Six numbers a commit: sequence, flags, content offset, end segment, end offset, header length. */
  readonly numbers: Float64Array<ArrayBuffer>
}

const numbersPerEntry = 6

export function packEntries(entries: readonly JournalEntry[]): PackedEntries {
  const headers = new Uint8Array(entries.reduce((sum, entry) => sum + entry.header.length, 0))
  const numbers = new Float64Array(entries.length * numbersPerEntry)
  let at = 0
  for (const [index, { sequence, flags, contentOffset, end, header }] of entries.entries()) {
    numbers.set([sequence, flags, contentOffset, end.segment, end.offset, header.length], index * numbersPerEntry)
    headers.set(header, at)
    at += header.length
  }
  return { headers, numbers }
}

export function unpackEntries({ headers, numbers }: PackedEntries): JournalEntry[] {
  let at = 0
  return Array.from({ length: numbers.length / numbersPerEntry }, (_, index) => {
    const [sequence = 0, flags = 0, contentOffset = 0, segment = 0, offset = 0, length = 0] = numbers.subarray(index * numbersPerEntry, (index + 1) * numbersPerEntry)
    const header = headers.subarray(at, (at += length))
    return { sequence, flags, header, contentOffset, end: { sequence, segment, offset } }
  })
}
