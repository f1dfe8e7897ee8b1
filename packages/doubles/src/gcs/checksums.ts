import { createHash } from 'node:crypto'

/** CRC32C's polynomial, reflected (RFC 3720, appendix B.4); a table of its own, so that the double proves the backend's arithmetic. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

/** As the service spells it: Base64 of four bytes, big-endian. */
export function crc32cOf(bytes: Uint8Array): string {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0)
  const encoded = Buffer.alloc(4)
  encoded.writeUInt32BE(~crc >>> 0)
  return encoded.toString('base64')
}

/** Base64 of the MD5. */
export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64')
}
