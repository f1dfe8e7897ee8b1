import { describeBackend } from '@nexus/conformance'
import { type GcsDouble, startGcsDouble } from '@nexus/doubles'
import { afterAll, beforeAll } from 'vitest'
import { parseGcsConfig } from '../src/config.ts'
import { gcsBackend } from '../src/definition.ts'
import { type KeyFile, testContext, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
let double: GcsDouble
let opened = 0

beforeAll(async () => {
  key = await writeKeyFile()
  double = await startGcsDouble()
  double.bucket().versioning = true
})
afterAll(async () => {
  await double.close()
  await key.remove()
})

// A prefix for each case: one bucket serves them all.
describeBackend('gcs, existing objects below a prefix', {
  open: () => {
    opened += 1
    const config = parseGcsConfig({ bucket: 'bucket', endpoint: double.url, credentialsPath: key.path, prefix: `case-${opened}` })
    return gcsBackend.open(config, testContext(double))
  },
  knownGaps: { 'A path may hold 4,096 bytes.': 'GCS takes names of 1,024 bytes' },
})
