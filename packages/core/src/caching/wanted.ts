import type { ByteRange, FileStat } from '../contract/backend.ts'
import { blockBytes } from './block-store.ts'

/** Bytes of a file, half open; without a known end up to the file's. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The span of a range; `undefined` for one that is none, or that nobody can place without the size. */
export function toSpan(range: ByteRange | undefined, sizeBytes: number | undefined): Span | undefined {
  if (range === undefined) return { from: 0, to: sizeBytes ?? Infinity }
  const numbers = 'suffix' in range ? [range.suffix] : [range.offset, range.length ?? 0]
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return undefined
  if ('suffix' in range) return sizeBytes === undefined ? undefined : { from: Math.max(0, sizeBytes - range.suffix), to: sizeBytes }
  const to = range.offset + (range.length ?? Infinity)
  return { from: Math.min(range.offset, sizeBytes ?? Infinity), to: Math.min(to, sizeBytes ?? Infinity) }
}

/** The range to ask for, so that whole blocks come. */
export function alignedRange({ from, to }: Span): ByteRange | undefined {
  const offset = Math.floor(from / blockBytes) * blockBytes
  if (to === Infinity) return offset === 0 ? undefined : { offset }
  return { offset, length: Math.ceil(to / blockBytes) * blockBytes - offset }
}

/** First block of a span, and the one behind its last. */
export function blocksOf({ from, to }: Span): Span {
  return { from: Math.floor(from / blockBytes), to: Math.ceil(to / blockBytes) }
}

/** Where a block lies in a file of this size. */
export function blockSpan(block: number, sizeBytes: number): Span {
  return { from: block * blockBytes, to: Math.min((block + 1) * blockBytes, sizeBytes) }
}

/** What tells this state of a file from others; `undefined` for a file that cannot be kept. */
export function stateOf({ kind, digest, etag, sizeBytes }: FileStat): string | undefined {
  if (kind !== 'file' || sizeBytes === undefined) return undefined
  return digest ?? (etag === undefined ? undefined : `etag ${etag}`)
}
