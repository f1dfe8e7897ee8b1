import { describe, expect, it } from 'vitest'
import { createRecordCodec, recordFlagFsync, recordPreludeBytes } from './record.ts'

const codec = await createRecordCodec()
const header = new TextEncoder().encode('{"sequence":7}')
const record = codec.encode({ sequence: 2 ** 40 + 7, flags: recordFlagFsync, header, contents: [Uint8Array.of(1, 2), Uint8Array.of(3)] })

describe('a record', () => {
  it('computes CRC32C as RFC 3720, appendix B.4', () => {
    expect(codec.crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(codec.crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(codec.crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e)
  })

  it('says what it holds', () => {
    expect(codec.prelude(record)).toEqual({ sequence: 2 ** 40 + 7, flags: 1, headerBytes: header.length, contentBytes: 3, recordBytes: record.length })
    expect(record.length).toBe(recordPreludeBytes + header.length + 3)
    expect(codec.verify(record)).toBe(true)
    expect(codec.verifyHeader(record.subarray(0, -3))).toBe(true)
  })

  it('is refused when any one bit is another', () => {
    for (let bit = 0; bit < record.length * 8; bit++) {
      const damaged = record.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(codec.verify(damaged), `bit ${bit}`).toBe(false)
    }
  })

  it('is refused when it is cut short', () => {
    for (let length = 0; length < record.length; length++) expect(codec.verify(record.subarray(0, length))).toBe(false)
  })

  it('is no record without its magic', () => {
    expect(codec.prelude(new Uint8Array(64))).toBeUndefined()
    expect(codec.prelude(record.subarray(0, recordPreludeBytes - 1))).toBeUndefined()
  })
})
