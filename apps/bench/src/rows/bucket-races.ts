import { randomFillSync } from 'node:crypto'
import type { BucketStore } from '../buckets/bucket-store.ts'
import { openFetchBucket } from '../buckets/fetch-bucket.ts'
import { openNexusBucket } from '../buckets/nexus-bucket.ts'
import { type BucketService, openService } from '../buckets/open-service.ts'
import { openSdkBucket } from '../buckets/sdk-bucket.ts'
import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { freshChunks } from '../payload.ts'
import type { FileStore } from '../stores/store.ts'
import { raceOf } from './open-stores.ts'
import type { Contender, OpenRace, RaceRow } from './row.ts'

const megabyte = 1024 * 1024
const rounds = (lab: Lab): number => lab.pick({ full: 9, quick: 5, tiny: 1 })
const streamRounds = (lab: Lab): number => lab.pick({ full: 4, quick: 1, tiny: 1 })
const streamChunks = (lab: Lab): number => lab.pick({ full: 256, quick: 256, tiny: 17 })

/** What a round does. */
interface Load {
  readonly operations: number
  readonly writers: number
  readonly sizeBytes: number
}

/** A round replaces the same objects: the service keeps as many as before, however long it runs. */
function putting({ operations, writers, sizeBytes }: Load): (store: FileStore) => Promise<Contender['run']> {
  return (store) => {
    const files = namesOf(store, operations).map((name) => store.file(name))
    const bytes = randomFillSync(new Uint8Array(sizeBytes))
    return Promise.resolve(async () => (await elapsed(() => inFlight(writers, files.map(({ write }) => () => write(bytes))))) / operations)
  }
}

function getting({ operations, writers, sizeBytes }: Load): (store: FileStore) => Promise<Contender['run']> {
  return async (store) => {
    const files = namesOf(store, operations).map((name) => store.file(name))
    const bytes = randomFillSync(new Uint8Array(sizeBytes))
    for (const { write } of files) await write(bytes)
    return async () => (await elapsed(() => inFlight(writers, files.map(({ read }) => () => readWhole(read, sizeBytes))))) / operations
  }
}

const namesOf = ({ name }: FileStore, count: number): string[] => Array.from({ length: count }, (_, index) => `/${name}/o-${index}`)

async function readWhole(read: () => Promise<Uint8Array>, sizeBytes: number): Promise<void> {
  const { length } = await read()
  if (length !== sizeBytes) throw new Error(`${length} bytes came of ${sizeBytes}.`)
}

function streamingIn(chunks: number): (store: BucketStore) => Promise<Contender['run']> {
  return (store) => Promise.resolve(() => elapsed(() => store.writeStream(`/${store.name}/stream`, freshChunks(chunks))))
}

/** Both read the object that ours wrote: it has a checksum of the whole, which both verify. */
function streamingOut(chunks: number): (store: BucketStore) => Promise<Contender['run']> {
  return async (store) => {
    if (store.name === 'nexus') await store.writeStream('/stream', freshChunks(chunks))
    return () => elapsed(async () => {
      const found = await store.readStream('/stream')
      if (found !== chunks * megabyte) throw new Error(`${store.name} streamed ${found} bytes of ${chunks} MiB.`)
    })
  }
}

type Openers<S extends FileStore> = (service: BucketService, lab: Lab) => Promise<readonly S[]>

const besideSdk: Openers<BucketStore> = async (service) => [await openNexusBucket(service), openSdkBucket(service)]
const cachedBesideSdk: Openers<BucketStore> = async (service, lab) => [await openNexusBucket(service, lab.directory('cache')), openSdkBucket(service)]
const besideFetch: Openers<FileStore> = async (service) => [await openNexusBucket(service), openFetchBucket(service)]

interface BucketRace<S extends FileStore> {
  readonly scheme: BucketService['scheme']
  readonly openers: Openers<S>
  readonly job: (lab: Lab) => (store: S) => Promise<Contender['run']>
}

async function raceIn<S extends FileStore>(lab: Lab, { scheme, openers, job }: BucketRace<S>): Promise<OpenRace> {
  const service = await openService(scheme)
  try {
    const race = await raceOf(await openers(service, lab), job(lab))
    return { ...race, close: () => race.close().finally(service.close) }
  } catch (error) {
    await service.close()
    throw error
  }
}

const small = (lab: Lab, writers: number): Load => ({ operations: lab.pick({ full: 320, quick: 160, tiny: 16 }), writers, sizeBytes: 1024 })
const large = (lab: Lab): Load => ({ operations: lab.pick({ full: 8, quick: 8, tiny: 1 }), writers: 1, sizeBytes: 8 * megabyte })

function s3(title: string, goal: number | undefined, job: (lab: Lab) => (store: BucketStore) => Promise<Contender['run']>, options: Partial<RaceRow> & { readonly openers?: Openers<BucketStore> } = {}): RaceRow {
  const { openers = besideSdk, ...given } = options
  return { kind: 'race', title: `S3: ${title}`, rival: 'SDK', ...(goal !== undefined && { goal }), rounds, open: (lab) => raceIn(lab, { scheme: 's3', openers, job }), ...given }
}

function gcs(title: string, job: (lab: Lab) => (store: FileStore) => Promise<Contender['run']>): RaceRow {
  return { kind: 'race', title: `GCS: ${title}`, rival: 'fetch', rounds, open: (lab) => raceIn(lab, { scheme: 'gcs', openers: besideFetch, job }) }
}

/** Objects, one by one or a few at once, beside those who do it by hand. */
export const bucketRaceRows: readonly RaceRow[] = [
  s3('put 1 KB, 1 in flight', 0.9, (lab) => putting(small(lab, 1))),
  s3('put 1 KB, 16 in flight', 0.9, (lab) => putting(small(lab, 16))),
  s3('get 1 KB, 1 in flight', 0.9, (lab) => getting(small(lab, 1))),
  s3('get 1 KB, 16 in flight', 0.9, (lab) => getting(small(lab, 16))),
  s3('get 1 KB, cached', undefined, (lab) => getting(small(lab, 1)), { openers: cachedBesideSdk }),
  s3('put 8 MB', 0.95, (lab) => putting(large(lab))),
  s3('get 8 MB', 0.95, (lab) => getting(large(lab))),
  s3('put 256 MB', 0.95, (lab) => streamingIn(streamChunks(lab)), { rounds: streamRounds }),
  s3('get 256 MB', 0.95, (lab) => streamingOut(streamChunks(lab)), { rounds: streamRounds }),
  gcs('put 1 KB', (lab) => putting(small(lab, 1))),
  gcs('get 1 KB', (lab) => getting(small(lab, 1))),
  gcs('put 8 MB', (lab) => putting(large(lab))),
  gcs('get 8 MB', (lab) => getting(large(lab))),
]
