import { type ByteRange, NexusError } from '@nexus/core/contract'
import { instead, type Mutation } from './mutation.ts'

/** Takes another range for the one that was asked for. */
function ranging(change: (range: { offset: number; length?: number | undefined } | { suffix: number }) => ByteRange | undefined): Mutation {
  return instead(
    'read',
    (read) =>
      (path, { range, ...options } = {}) =>
        read(path, { ...options, range: range && change({ ...range }) }),
  )
}

/** Fails where a range begins at or past the end, as HTTP does with 416. */
function refusingRange(isRefused: (range: ByteRange, sizeBytes: number) => boolean): Mutation {
  return instead('read', (read, inner) => async (path, options) => {
    const { sizeBytes = 0 } = await inner.stat(path)
    if (options?.range !== undefined && isRefused(options.range, sizeBytes)) throw new NexusError('invalid_argument')
    return read(path, options)
  })
}

/** Broken ranges. By sentence: a backend on which its case must go red. */
export const rangesBroken: Readonly<Record<string, Mutation>> = {
  'A range of `offset` and `length` gives these bytes.': ranging((range) =>
    'offset' in range && range.length !== undefined ? { offset: range.offset, length: range.length + 1 } : range,
  ),
  'A range without `length` gives the rest of the file.': ranging((range) =>
    'offset' in range ? { offset: range.offset, length: range.length ?? 1 } : range,
  ),
  'A `suffix` gives the last bytes.': ranging((range) => ('suffix' in range ? { offset: range.suffix } : range)),
  'A range that reaches past the end is clamped; one that begins there is empty.': refusingRange(
    (range, sizeBytes) => 'offset' in range && range.offset >= sizeBytes,
  ),
  'A range of no bytes is empty.': ranging((range) => ('offset' in range && range.length === 0 ? { offset: range.offset } : range)),
  'A range of an empty file is empty.': refusingRange((_range, sizeBytes) => sizeBytes === 0),
  'A range with a negative or fractional number fails with `invalid_argument`, also where there is no file.': ranging((range) =>
    'offset' in range ? { offset: Math.max(0, Math.floor(range.offset)) } : { suffix: Math.max(0, Math.floor(range.suffix)) },
  ),
  'A range of a long file crosses whatever pieces the file is stored in.': ranging((range) =>
    'offset' in range ? { offset: range.offset, length: Math.min(range.length ?? Infinity, 65_536) } : range,
  ),
}
