import { describeObjectStore, type Radosgw, startRadosgw, whyNoRadosgw } from '@nexus/doubles'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openS3Store, parseS3Config, type S3Store } from '../src/index.ts'
import { collect, patterned, streamOf, testContext } from './store-kit.ts'

const reason = whyNoRadosgw()

describe.skipIf(reason !== undefined)(`Ceph's object gateway${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let gateway: Radosgw
  let count = 0

  beforeAll(async () => {
    gateway = await startRadosgw()
  })
  afterAll(() => gateway.close())

  const openFresh = async (options: Readonly<Record<string, unknown>> = {}): Promise<S3Store> => {
    const { endpoint, accessKeyId, secretAccessKey } = gateway
    const bucket = `bucket-${(count += 1)}`
    const { S3Client, CreateBucketCommand } = await import('@aws-sdk/client-s3')
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    return openS3Store(parseS3Config({ bucket, endpoint, accessKeyId, secretAccessKey, ...options }), testContext())
  }

  describeObjectStore('radosgw', {
    open: () => openFresh(),
    knownGaps: {
      '`copy` to where an object must be absent never replaces one.': 'radosgw 16 ignores If-None-Match on CopyObject, so that the store refuses it as unsupported',
    },
  })

  it('is found out to create only where nothing is, and to refuse a right If-Match', async () => {
    const store = await openFresh()
    expect(store.conditions).toEqual({ absent: true, match: false })
    expect(await store.probe()).toEqual({ absent: true, match: false })
    for await (const { objects } of store.list({ prefix: '' })) expect(objects).toEqual([])
    await store.close()
  })

  it('keeps a stream in parts without trailers, and gives it back', async () => {
    const store = await openFresh()
    const bytes = patterned(9_000_000)
    await store.putStream('long', streamOf(bytes))
    const body = await store.get('long')
    if (body === undefined) throw new Error('It is gone.')
    expect(Buffer.compare(await collect(body.stream), bytes)).toBe(0)
    await store.close()
  })

  it('lets one of twenty create', async () => {
    const store = await openFresh()
    const racers = Array.from({ length: 20 }, (_, index) => store.put('key', Uint8Array.of(index), { condition: 'absent' }))
    expect((await Promise.allSettled(racers)).filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await store.close()
  })
})
