import { expect, it } from 'vitest'
import { crc32Of, runningCrc32, runningCrc32c, runningCrc64 } from './crc.ts'

// Check values of "123456789" in the CRC RevEng catalogue: CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME.
it.each([
  ['CRC-32', runningCrc32, 'cbf43926'],
  ['CRC-32C', runningCrc32c, 'e3069283'],
  ['CRC-64/NVME', runningCrc64, 'ae8b14860a799888'],
])('%s has its check value, however the bytes are cut', (_, create, expected) => {
  const bytes = new TextEncoder().encode('123456789')
  for (const cut of [0, 1, 4, 8, 9]) {
    const checksum = create()
    checksum.update(bytes.subarray(0, cut))
    checksum.update(bytes.subarray(cut))
    expect(Buffer.from(checksum.digest(), 'base64').toString('hex')).toBe(expected)
  }
})

it('crc32Of is the running one at once', () => {
  expect(crc32Of(new TextEncoder().encode('123456789'))).toBe(Buffer.from('cbf43926', 'hex').toString('base64'))
})
