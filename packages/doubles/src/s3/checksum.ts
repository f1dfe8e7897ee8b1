import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** The algorithms of `x-amz-checksum-*` that the double knows, by the name in the header. */
export type ChecksumName = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256'

/** All of {@link ChecksumName}. */
export const checksumNames: readonly ChecksumName[] = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']

/** Base64 of the checksum, as the headers carry it. Written bit by bit, to owe nothing to what it tests. */
export function checksumOf(name: ChecksumName, bytes: Uint8Array): string {
  switch (name) {
    case 'crc32':
      return base64(crc32(bytes), 4)
    case 'crc32c':
      return base64(crc32c(bytes), 4)
    case 'crc64nvme':
      return base64(crc64nvme(bytes), 8)
    default:
      return createHash(name).update(bytes).digest('base64')
  }
}

function base64(value: number | bigint, bytes: number): string {
  return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex').toString('base64')
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  }
  return (crc ^ 0xffff_ffff) >>> 0
}

function crc64nvme(bytes: Uint8Array): bigint {
  let crc = 0xffff_ffff_ffff_ffffn
  for (const byte of bytes) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x9a6c_9329_ac4b_c9b5n : crc >> 1n
  }
  return crc ^ 0xffff_ffff_ffff_ffffn
}
