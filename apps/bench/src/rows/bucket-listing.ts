import type { BucketStore } from '../buckets/bucket-store.ts'
import { openNexusBucket } from '../buckets/nexus-bucket.ts'
import { type BucketService, openService } from '../buckets/open-service.ts'
import { openSdkBucket } from '../buckets/sdk-bucket.ts'
import { elapsed } from '../clock.ts'
import type { Lab } from '../lab.ts'
import { formatTime, median } from '../statistics.ts'
import type { Fact, FactRow } from './row.ts'

const pageObjects = 1000

async function listAll(service: BucketService, store: BucketStore, objects: number): Promise<{ readonly time: number; readonly requests: number }> {
  await service.ask('clear')
  let found = 0
  const time = await elapsed(async () => {
    found = await store.listTree('/tree')
  })
  if (found !== objects) throw new Error(`${store.name} listed ${found} objects of ${objects}.`)
  const { requests } = await service.ask('ask')
  return { time, requests }
}

/** A listing that is kept: caches leave longer ones than 50,000 entries alone. */
async function listedTwice(service: BucketService, lab: Lab): Promise<Fact> {
  const objects = lab.pick({ full: 40_000, quick: 40_000, tiny: 2000 })
  await service.ask('empty')
  await service.ask('fill', objects)
  const store = await openNexusBucket(service, lab.directory('cache'))
  await listAll(service, store, objects)
  const { time, requests } = await listAll(service, store, objects)
  await store.close()
  return { title: `S3: recursive list of ${objects} objects, a second time within freshness`, value: `${formatTime(time)}, ${requests} requests`, goal: '0 requests', isReached: requests === 0 }
}

async function measureIn(service: BucketService, lab: Lab): Promise<readonly Fact[]> {
  const objects = lab.pick({ full: 100_000, quick: 100_000, tiny: 2000 })
  const pages = objects / pageObjects
  await service.ask('fill', objects)
  const stores = { nexus: await openNexusBucket(service), sdk: openSdkBucket(service) }
  const times = { nexus: [] as number[], sdk: [] as number[] }
  let requests = 0
  for (let round = 0; round < lab.pick({ full: 3, quick: 1, tiny: 1 }); round++) {
    const found = { sdk: await listAll(service, stores.sdk, objects), nexus: await listAll(service, stores.nexus, objects) }
    for (const name of ['nexus', 'sdk'] as const) times[name].push(found[name].time)
    requests = Math.max(requests, found.nexus.requests)
  }
  await stores.nexus.close()
  await stores.sdk.close()
  const [ours, theirs] = [median(times.nexus), median(times.sdk)]
  const title = `S3: recursive list of ${objects} objects`
  return [
    { title, value: `${formatTime(ours)}, ${formatTime(theirs)} by the SDK: ${(theirs / ours).toFixed(2)}x` },
    { title: 'requests for it', value: String(requests), goal: `as many as pages: ${pages}`, isReached: requests === pages },
    await listedTwice(service, lab),
  ]
}

async function measure(lab: Lab): Promise<readonly Fact[]> {
  const service = await openService('s3')
  return await measureIn(service, lab).finally(service.close)
}

/** Listings longer than a page. */
export const bucketListingRow: FactRow = { kind: 'facts', title: 'S3: list', measure }
