import { crc32 } from 'node:zlib'

/** A checksum that grows with the bytes. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void
  /** Base64 of the big-endian value, as S3's headers carry it. */
  digest(): string
}

/** Base64 of the CRC-32 of these bytes, the checksum that Node computes natively: 10 times as fast as the others in JavaScript. */
export function crc32Of(bytes: Uint8Array): string {
  return toBase64(crc32(bytes))
}

/** CRC-32 (ISO 3309), native. */
export function runningCrc32(): RunningChecksum {
  let value = 0
  return {
    update: (bytes) => {
      value = crc32(bytes, value)
    },
    digest: () => toBase64(value),
  }
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4). */
export function runningCrc32c(): RunningChecksum {
  const table = (crc32cTables ??= makeTables32(0x82f6_3b78))
  let value = 0xffff_ffff
  return {
    update: (bytes) => {
      value = update32(table, value, bytes)
    },
    digest: () => toBase64((value ^ 0xffff_ffff) >>> 0),
  }
}

/** CRC-64/NVME, which S3 itself computes where a client sends no checksum. */
export function runningCrc64(): RunningChecksum {
  const tables = (crc64Tables ??= makeTables64())
  const value = { high: 0xffff_ffff, low: 0xffff_ffff }
  return {
    update: (bytes) => {
      update64(tables, value, bytes)
    },
    digest: () => {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32BE((value.high ^ 0xffff_ffff) >>> 0, 0)
      bytes.writeUInt32BE((value.low ^ 0xffff_ffff) >>> 0, 4)
      return bytes.toString('base64')
    },
  }
}

const slices = 8
let crc32cTables: Int32Array | undefined
let crc64Tables: { readonly high: Int32Array; readonly low: Int32Array } | undefined

/** Tables for eight bytes a step ("slicing-by-8"): 256 entries for each position. */
function makeTables32(polynomial: number): Int32Array {
  const table = new Int32Array(256 * slices)
  for (let index = 0; index < 256; index += 1) {
    let crc = index
    for (let slice = 0; slice < slices; slice += 1) {
      for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
      table[slice * 256 + index] = crc
    }
  }
  return table
}

function update32(table: Int32Array, start: number, bytes: Uint8Array): number {
  const entry = (slice: number, byte: number): number => table[slice * 256 + (byte & 0xff)] ?? 0
  const byteAt = (index: number): number => bytes[index] ?? 0
  let crc = start
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    crc ^= byteAt(at) | (byteAt(at + 1) << 8) | (byteAt(at + 2) << 16) | (byteAt(at + 3) << 24)
    crc =
      entry(7, crc) ^ entry(6, crc >>> 8) ^ entry(5, crc >>> 16) ^ entry(4, crc >>> 24) ^
      entry(3, byteAt(at + 4)) ^ entry(2, byteAt(at + 5)) ^ entry(1, byteAt(at + 6)) ^ entry(0, byteAt(at + 7))
  }
  for (; at < bytes.length; at += 1) crc = entry(0, crc ^ byteAt(at)) ^ (crc >>> 8)
  return crc
}

function makeTables64(): { high: Int32Array; low: Int32Array } {
  const high = new Int32Array(256 * slices)
  const low = new Int32Array(256 * slices)
  for (let index = 0; index < 256; index += 1) {
    let crc = BigInt(index)
    for (let slice = 0; slice < slices; slice += 1) {
      for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x9a6c_9329_ac4b_c9b5n : crc >> 1n
      high[slice * 256 + index] = Number(BigInt.asIntN(32, crc >> 32n))
      low[slice * 256 + index] = Number(BigInt.asIntN(32, crc))
    }
  }
  return { high, low }
}

function update64({ high, low }: { readonly high: Int32Array; readonly low: Int32Array }, value: { high: number; low: number }, bytes: Uint8Array): void {
  const byteAt = (index: number): number => bytes[index] ?? 0
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    const first = value.low ^ (byteAt(at) | (byteAt(at + 1) << 8) | (byteAt(at + 2) << 16) | (byteAt(at + 3) << 24))
    const second = value.high ^ (byteAt(at + 4) | (byteAt(at + 5) << 8) | (byteAt(at + 6) << 16) | (byteAt(at + 7) << 24))
    value.high = fold(high, first, second)
    value.low = fold(low, first, second)
  }
  for (; at < bytes.length; at += 1) {
    const index = (value.low ^ byteAt(at)) & 0xff
    value.low = (low[index] ?? 0) ^ ((value.low >>> 8) | (value.high << 24))
    value.high = (high[index] ?? 0) ^ (value.high >>> 8)
  }
}

function fold(table: Int32Array, first: number, second: number): number {
  const entry = (slice: number, byte: number): number => table[slice * 256 + (byte & 0xff)] ?? 0
  return (
    entry(7, first) ^ entry(6, first >>> 8) ^ entry(5, first >>> 16) ^ entry(4, first >>> 24) ^
    entry(3, second) ^ entry(2, second >>> 8) ^ entry(1, second >>> 16) ^ entry(0, second >>> 24)
  )
}

function toBase64(value: number): string {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value, 0)
  return buffer.toString('base64')
}
