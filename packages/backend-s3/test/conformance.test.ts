import { describeBackend } from '@nexus/conformance'
import { type S3Double, startS3Double } from '@nexus/doubles'
import { afterAll, beforeAll } from 'vitest'
import { parseS3Config, s3Backend } from '../src/index.ts'
import { configFor, testContext } from './store-kit.ts'

let double: S3Double
let opened = 0

beforeAll(async () => {
  double = await startS3Double()
  double.bucket().versioning = 'Enabled'
})
afterAll(() => double.close())

// A prefix for each case: one bucket serves them all.
describeBackend('s3, existing objects below a prefix', {
  open: () => {
    opened += 1
    return s3Backend.open(parseS3Config(configFor(double, { prefix: `case-${opened}` })), testContext())
  },
  knownGaps: { 'A path may hold 4,096 bytes.': 'a key of S3 has at most 1,024 bytes' },
})
