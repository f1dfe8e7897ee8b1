import { expect, it } from 'vitest'
import { rangeBytesOf } from './copy.ts'
import { defaultLimits } from './context.ts'

it.each([
  [6 * 1024 ** 3, 512 * 1024 ** 2],
  [5 * 1024 ** 4, Math.ceil((5 * 1024 ** 4) / 10_000)],
  [50 * 10 ** 12, 5 * 10 ** 9],
])('an object of %i bytes is copied in ranges of %i, of which S3 takes 10,000', (sizeBytes, rangeBytes) => {
  expect(rangeBytesOf(sizeBytes, defaultLimits.copyBytes)).toBe(rangeBytes)
})
