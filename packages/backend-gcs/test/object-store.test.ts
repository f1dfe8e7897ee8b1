import { describeObjectStore, type GcsDouble, startGcsDouble } from '@nexus/doubles'
import { afterAll, beforeAll } from 'vitest'
import { type KeyFile, openTestStore, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
const running: GcsDouble[] = []

beforeAll(async () => {
  key = await writeKeyFile()
})
afterAll(() => key.remove())

const dispose = async (): Promise<void> => {
  await running.pop()?.close()
}

async function open(prefix: string, versioning = false): Promise<Awaited<ReturnType<typeof openTestStore>>> {
  const double = await startGcsDouble()
  double.bucket().versioning = versioning
  running.push(double)
  return openTestStore(double, { key, prefix })
}

/** Every other character is proved in `keys.test.ts`. */
const knownGaps = { 'A key may hold any character.': 'GCS takes no line breaks in a name (https://cloud.google.com/storage/docs/objects#naming)' }

describeObjectStore('GCS', { open: () => open(''), dispose, knownGaps })
describeObjectStore('GCS below a prefix, with versions', { open: () => open('some/prefix', true), dispose, knownGaps })
