import { createRecordCodec } from '@nexus/core/contract'

const polynomial = 0x82f63b78
/** x to the power of 2^n, modulo the polynomial; the highest bit stands for x^0. */
const powers = squares()

/** CRC32C (RFC 3720, appendix B.4) of bytes, and of bytes that come in parts. */
export interface Crc32c {
  of(bytes: Uint8Array): number
  /** @param before CRC of what came before these bytes; 0 for nothing. */
  append(before: number, bytes: Uint8Array): number
}

/** Loads the WebAssembly that core checks its journal with. */
export async function loadCrc32c(): Promise<Crc32c> {
  const codec = await createRecordCodec()
  const of = (bytes: Uint8Array): number => codec.crc32c(bytes)
  return { of, append: (before, bytes) => (before === 0 ? of(bytes) : combine(before, of(bytes), bytes.length)) }
}

/** As the service spells it: Base64 of four bytes, big-endian. */
export function spellCrc32c(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes.toString('base64')
}

/** CRC of two parts from theirs, as zlib's `crc32_combine`: the first times x^(8 * length of the second), plus the second. */
export function combine(first: number, second: number, secondBytes: number): number {
  let shift = 0x80000000
  for (let rest = secondBytes, n = 3; rest > 0; rest = Math.floor(rest / 2), n += 1) {
    if (rest % 2 === 1) shift = multiply(powers[n] ?? 0, shift)
  }
  return (multiply(shift, first) ^ second) >>> 0
}

/** Product of two polynomials over GF(2), modulo CRC32C's. */
function multiply(left: number, right: number): number {
  let product = 0
  let shifted = right
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((left & bit) !== 0) product ^= shifted
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1
  }
  return product >>> 0
}

function squares(): readonly number[] {
  const table = [0x40000000]
  for (let n = 1; n < 56; n += 1) table.push(multiply(table[n - 1] ?? 0, table[n - 1] ?? 0))
  return table
}
