import type { RecordCodec } from '@nexus/core/contract'

/** What stands in a segment beyond a point that is known to be good. */
export interface Scan {
  /** Offset behind the last whole record. */
  readonly end: number
  /** Sequence of the last whole record; that before the first when there is none. */
  readonly sequence: number
  /** CRC32C that the last whole record's prelude carries; `undefined` when there is none. */
  readonly recordCrc: number | undefined
  /** Nothing but zeros follows. */
  readonly isClean: boolean
  /** Whole records that follow what is torn, and the flags of all of them together. */
  readonly strays: { readonly count: number; readonly flags: number }
}

const zeros = Buffer.alloc(64 * 1024)
const recordMagic = Buffer.from('NXR1', 'latin1')

/**
 * Walks whole records, checked to the last byte of their contents, until one is missing.
 * @param bytes Segment from `offset` to the end of the file.
 */
export function scanRecords(codec: RecordCodec, bytes: Uint8Array, { offset, sequence }: { readonly offset: number; readonly sequence: number }): Scan {
  let at = 0
  let last = sequence
  let recordCrc: number | undefined
  for (;;) {
    const rest = bytes.subarray(at)
    const prelude = codec.prelude(rest)
    if (prelude === undefined || prelude.sequence !== last + 1 || !codec.verify(rest)) break
    recordCrc = crcOf(rest)
    last = prelude.sequence
    at += prelude.recordBytes
  }
  const rest = bytes.subarray(at)
  const isClean = isZero(rest)
  return { end: offset + at, sequence: last, recordCrc, isClean, strays: isClean ? { count: 0, flags: 0 } : findStrays(codec, rest) }
}

/** CRC32C of prelude and header, as the record carries it. */
export function crcOf(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset, record.byteLength).getUint32(28, true)
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length)
    if (!zeros.subarray(0, part.length).equals(part)) return false
  }
  return true
}

function findStrays(codec: RecordCodec, bytes: Uint8Array): Scan['strays'] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  let flags = 0
  for (let at = view.indexOf(recordMagic); at !== -1; at = view.indexOf(recordMagic, at + 1)) {
    const rest = bytes.subarray(at)
    if (!codec.verify(rest)) continue
    count++
    flags |= codec.prelude(rest)?.flags ?? 0
  }
  return { count, flags }
}
