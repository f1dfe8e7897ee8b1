import { expect, it } from 'vitest'
import { combine, loadCrc32c, spellCrc32c } from '../src/crc32c.ts'
import { someBytes } from './open-test-store.ts'

it('computes the check value of RFC 3720, and spells it as the service does', async () => {
  const crc32c = await loadCrc32c()
  expect(crc32c.of(new TextEncoder().encode('123456789')).toString(16)).toBe('e3069283')
  expect(spellCrc32c(crc32c.of(new Uint8Array()))).toBe('AAAAAA==')
})

it('gives the same for bytes in parts of any size', async () => {
  const crc32c = await loadCrc32c()
  const bytes = someBytes(100_003)
  for (const size of [1, 7, 4096, 65_536, 100_003]) {
    let crc = 0
    for (let at = 0; at < bytes.length; at += size) crc = crc32c.append(crc, bytes.subarray(at, at + size))
    expect(crc).toBe(crc32c.of(bytes))
  }
})

it('combines beyond 4 GiB: zeros behind bytes, once in two steps and once in one', () => {
  const first = 0x12345678
  const zeros = (sizeBytes: number): number => combine(first, 0, sizeBytes)
  expect(combine(zeros(3_000_000_000), 0, 3_000_000_000)).toBe(zeros(6_000_000_000))
  expect(zeros(6_000_000_000)).not.toBe(zeros(6_000_000_000 - 2 ** 32))
})
