import { request } from 'node:http'
import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListMultipartUploadsCommand, ListPartsCommand, PutBucketVersioningCommand,
  PutObjectCommand, S3Client, UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type S3Double, startS3Double } from '@nexus/doubles'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

// The SDK as it comes, which nobody here wrote, against the double: each refusal is one that a mistake of ours would meet.
let double: S3Double
let client: S3Client

beforeEach(async () => {
  double = await startS3Double()
  client = new S3Client({ endpoint: double.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId: double.account.accessKeyId, secretAccessKey: double.account.secretAccessKey } })
})
afterEach(async () => {
  client.destroy()
  await double.close()
})

const place = { Bucket: 'bucket', Key: 'key' }

/** Changes requests after everything was computed and before they are signed, or after it. */
function tamper(change: (request: { headers: Record<string, string>; body: unknown; query: Record<string, string> }) => void, step: 'build' | 'finalizeRequest' = 'build'): void {
  client.middlewareStack.add(
    (next) => (args) => {
      change(args.request as Parameters<typeof change>[0])
      return next(args)
    },
    { step: 'finalizeRequest', priority: step === 'build' ? 'high' : 'low', name: 'tamper' },
  )
}

describe('the strict double of S3', () => {
  it('takes what the SDK sends by default, streams with trailing checksums too', async () => {
    await client.send(new PutObjectCommand({ ...place, Body: Readable.from([Buffer.from('hello '), Buffer.from('world')]), ContentLength: 11 }))
    const output = await client.send(new GetObjectCommand({ ...place, ChecksumMode: 'ENABLED' }))
    expect([await output.Body?.transformToString(), output.ChecksumCRC32]).toEqual(['hello world', 'DUoRhQ=='])
  })

  it.each<[string, Parameters<typeof tamper>[0], 'build' | 'finalizeRequest', string]>([
    ['a body that was changed after it was signed', (sent) => (sent.body = Buffer.from('HELLO')), 'finalizeRequest', 'XAmzContentSHA256Mismatch'],
    ['a wrong Content-MD5', (sent) => (sent.headers['content-md5'] = 'AAAAAAAAAAAAAAAAAAAAAA=='), 'build', 'BadDigest'],
    ['a parameter that S3 does not know', (sent) => (sent.query['colour'] = 'red'), 'build', 'InvalidArgument'],
    ['a header that was added after it was signed', (sent) => (sent.headers['x-amz-meta-late'] = '1'), 'finalizeRequest', 'AccessDenied'],
  ])('refuses %s', async (_, change, step, code) => {
    tamper(change, step)
    await expect(client.send(new PutObjectCommand({ ...place, Body: 'hello' }))).rejects.toMatchObject({ name: code })
    expect(double.bucket().objects.size).toBe(0)
  })

  it('refuses a wrong checksum', async () => {
    await expect(client.send(new PutObjectCommand({ ...place, Body: 'hello', ChecksumCRC32: 'AAAAAA==' }))).rejects.toMatchObject({ name: 'BadDigest' })
  })

  it('refuses an upload whose parts are too small, unknown, out of order or damaged', async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }))
    const parts: { PartNumber: number; ETag: string | undefined }[] = []
    for (const PartNumber of [1, 2]) {
      const { ETag } = await client.send(new UploadPartCommand({ ...place, UploadId, PartNumber, Body: `part ${PartNumber}`, ChecksumAlgorithm: 'CRC32' }))
      parts.push({ PartNumber, ETag })
    }
    const complete = (chosen: typeof parts, more: object = {}): Promise<unknown> =>
      client.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts: chosen }, ...more }))
    await expect(complete(parts)).rejects.toMatchObject({ name: 'EntityTooSmall' })
    await expect(complete(parts.toReversed())).rejects.toMatchObject({ name: 'InvalidPartOrder' })
    await expect(complete([{ PartNumber: 3, ETag: parts[0]?.ETag }])).rejects.toMatchObject({ name: 'InvalidPart' })
    await expect(complete(parts.slice(0, 1), { ChecksumCRC32: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' })).rejects.toMatchObject({ name: 'BadDigest' })
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket: 'bucket' }))).Uploads).toHaveLength(1)
    expect((await client.send(new ListPartsCommand({ ...place, UploadId }))).Parts).toHaveLength(2)
    await complete(parts.slice(0, 1))
    expect((await client.send(new HeadObjectCommand(place))).ContentLength).toBe(6)
  })

  it('takes a thousand keys at once and no more', async () => {
    const batch = (count: number): Promise<unknown> =>
      client.send(new DeleteObjectsCommand({ Bucket: 'bucket', Delete: { Objects: Array.from({ length: count }, (_, index) => ({ Key: `k${index}` })) } }))
    await batch(1000)
    await expect(batch(1001)).rejects.toMatchObject({ name: 'MalformedXML' })
  })

  it('keeps versions once it is told to, and reads the deleted one', async () => {
    await client.send(new PutBucketVersioningCommand({ Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } }))
    const first = await client.send(new PutObjectCommand({ ...place, Body: '1' }))
    await client.send(new PutObjectCommand({ ...place, Body: '2' }))
    const output = await client.send(new GetObjectCommand({ ...place, VersionId: first.VersionId }))
    expect(await output.Body?.transformToString()).toBe('1')
  })

  it('serves the bucket of the host name, and nobody who did not sign', async () => {
    await client.send(new PutObjectCommand({ ...place, Body: 'hello' }))
    const statusOf = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request(`${double.url}/key`, { headers: { host: 'bucket.localhost' } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
    expect(await statusOf()).toBe(403)
    double.bucket().isPublic = true
    expect(await statusOf()).toBe(200)
  })
})
