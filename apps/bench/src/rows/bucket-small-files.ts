import type { SlimNexusFS } from '@nexus/core'
import { bucketAt, mountBucket } from '../buckets/nexus-bucket.ts'
import { type BucketService, openService } from '../buckets/open-service.ts'
import { openSdkBucket } from '../buckets/sdk-bucket.ts'
import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { freshBytes } from '../payload.ts'
import { formatTime, median } from '../statistics.ts'
import type { Fact, FactRow } from './row.ts'

const together = 64
const sizeBytes = 1024
const batchFiles = 1000

/** Microseconds of one file, and what was asked of the service for all of them. */
interface Measured {
  readonly time: number
  readonly requests: number
}

type Job = (fs: SlimNexusFS, paths: readonly string[]) => Promise<unknown>

const jobs: Readonly<Record<'single' | 'batched' | 'reading', Job>> = {
  single: (fs, paths) => inFlight(together, paths.map((path) => () => fs.write(path, freshBytes(sizeBytes)))),
  batched: async (fs, paths) => {
    for (let from = 0; from < paths.length; from += batchFiles) {
      await fs.batch(paths.slice(from, from + batchFiles).map((path) => ({ op: 'write', path, body: freshBytes(sizeBytes) })))
    }
  },
  reading: (fs, paths) => inFlight(together, paths.map((path) => () => fs.read(path))),
}

interface Task {
  readonly prefix: string
  readonly files: number
  readonly job: Job
  readonly stateDirectory: string
}

/** Each job as if on a machine of its own, that knows nothing of those before; mounting and closing belong to the requests, and not to the time. */
async function inRepository(service: BucketService, { prefix, files, job, stateDirectory }: Task): Promise<Measured> {
  await service.ask('clear')
  const fs = await mountBucket(service, { layout: 'cas', prefix, stateDirectory })
  const paths = Array.from({ length: files }, (_, index) => `${bucketAt}/d-${index % 100}/f-${index}`)
  const time = (await elapsed(() => job(fs, paths))) / files
  await fs.close()
  const { requests } = await service.ask('ask')
  return { time, requests }
}

async function bySdk(service: BucketService, files: number): Promise<number> {
  const store = openSdkBucket(service)
  const tasks = Array.from({ length: files }, (_, index) => () => store.file(`/sdk/f-${index}`).write(freshBytes(sizeBytes)))
  const time = (await elapsed(() => inFlight(together, tasks))) / files
  await store.close()
  return time
}

function writingFacts(title: string, { time, requests }: Measured, { files, sdk }: { readonly files: number; readonly sdk: number }): Fact[] {
  const ratio = sdk / time
  return [
    { title, value: `${formatTime(time)} a file, ${formatTime(sdk)} by the SDK: ${ratio.toFixed(1)}x`, goal: 'at least 5x faster', isReached: ratio >= 5 },
    { title: `requests for it`, value: `${requests} for ${files} files`, goal: 'at most 1/20 of one for each', isReached: requests * 20 <= files },
  ]
}

function medianOf(found: readonly Measured[]): Measured {
  return { time: median(found.map(({ time }) => time)), requests: median(found.map(({ requests }) => requests)) }
}

async function measure(lab: Lab): Promise<readonly Fact[]> {
  const files = lab.pick({ full: 10_000, quick: 10_000, tiny: 200 })
  const found = { single: [] as Measured[], batched: [] as Measured[], reading: [] as Measured[], sdk: [] as number[] }
  const service = await openService('s3')
  const run = (prefix: string, job: Job): Promise<Measured> => inRepository(service, { prefix, files, job, stateDirectory: lab.directory('state') })
  try {
    for (let round = 0; round < lab.pick({ full: 3, quick: 1, tiny: 1 }); round++) {
      // A fifth of the files tells the SDK's time for one as well.
      found.sdk.push(await bySdk(service, Math.ceil(files / 5)))
      found.single.push(await run(`single-${round}`, jobs.single))
      found.batched.push(await run(`batched-${round}`, jobs.batched))
      found.reading.push(await run(`single-${round}`, jobs.reading))
    }
  } finally {
    await service.close()
  }
  const beside = { files, sdk: median(found.sdk) }
  const reading = medianOf(found.reading)
  return [
    ...writingFacts(`S3: ${files} files of 1 KB into a repository, ${together} in flight`, medianOf(found.single), beside),
    ...writingFacts(`S3: ${files} files of 1 KB into a repository, in batches of ${batchFiles}`, medianOf(found.batched), beside),
    { title: `S3: reading ${files} files of 1 KB from a repository, on another machine`, value: `${formatTime(reading.time)} a file, ${reading.requests} requests` },
  ]
}

/** What a repository makes of many small files. */
export const bucketSmallFilesRow: FactRow = { kind: 'facts', title: 'S3: small files in a repository', measure }
