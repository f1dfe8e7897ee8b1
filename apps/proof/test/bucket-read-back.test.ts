import { expect, test } from 'vitest'
import { at, indexFile, openBucket, openInBucket, type TestBucket } from './bucket-kit.ts'
import { noise } from './repository-kit.ts'

const options = { freshnessMs: 2_000 }
const inGroup = 100

/** Files written together in groups, and an index that knows them. */
async function written(groups: number, sizeBytes: number): Promise<{ readonly bucket: TestBucket; readonly indexPath: string }> {
  const bucket = openBucket()
  const writer = await openInBucket(bucket, options)
  for (let group = 0; group < groups; group++) {
    await writer.backend.batch?.(Array.from({ length: inGroup }, (_, index) => {
      const number = group * inGroup + index
      return { op: 'write' as const, path: at(`/d/${number}`), body: noise(sizeBytes, number) }
    }))
  }
  // Whoever opens looks into the last group, and remembers it.
  await writer.write('/last', 'a group of its own')
  const indexPath = indexFile()
  const indexing = await openInBucket(bucket, { ...options, indexPath })
  await indexing.backend.stat(at('/d/1'))
  await indexing.backend.close()
  return { bucket, indexPath }
}

test('small files that were written together are read back by three requests for each group', async () => {
  const { bucket, indexPath } = await written(6, 10_000)
  const reader = await openInBucket(bucket, { ...options, indexPath })
  await reader.backend.stat(at('/d/1'))
  bucket.count()
  for (let number = 0; number < 600; number++) expect(await reader.holds(`/d/${number}`, noise(10_000, number))).toBe(true)
  expect(bucket.count()).toEqual({ get: 18, all: 18 })
})

test('readers that come at once wait for one answer, and one file alone is read alone', async () => {
  const { bucket, indexPath } = await written(2, 10_000)
  const reader = await openInBucket(bucket, { ...options, indexPath })
  expect(await reader.holds('/d/150', noise(10_000, 150))).toBe(true)
  bucket.count()
  await Promise.all(Array.from({ length: inGroup }, async (_, number) => expect(await reader.holds(`/d/${number}`, noise(10_000, number))).toBe(true)))
  expect(bucket.count()).toEqual({ get: 3, all: 3 })
})

test('a group that is longer than 4 MiB is not fetched for some of its files', async () => {
  const { bucket, indexPath } = await written(1, 60_000)
  const reader = await openInBucket(bucket, { ...options, indexPath })
  await reader.backend.stat(at('/d/1'))
  bucket.count()
  for (let number = 0; number < 10; number++) expect(await reader.holds(`/d/${number}`, noise(60_000, number))).toBe(true)
  // One of them asked for the whole, and let it go when it heard its length.
  expect(bucket.count()).toEqual({ get: 11, all: 11 })
})

test('damage in one file of a group is no harm to the others', async () => {
  const { bucket, indexPath } = await written(1, 10_000)
  const [key] = await bucket.keys('journal/')
  const reader = await openInBucket(bucket, {
    ...options,
    indexPath,
    around: (store) => ({
      ...store,
      get: async (asked, given) => {
        const body = await store.get(asked, given)
        return asked === key && given?.range === undefined && body !== undefined ? { ...body, stream: ReadableStream.from([new Uint8Array(100)]) } : body
      },
    }),
  })
  for (let number = 0; number < 10; number++) expect(await reader.holds(`/d/${number}`, noise(10_000, number))).toBe(true)
})
