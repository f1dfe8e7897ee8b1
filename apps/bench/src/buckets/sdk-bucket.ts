import { Readable } from 'node:stream'
import { GetObjectCommand, HeadObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { countBytes } from '../stores/consume.ts'
import { type BucketStore, nothingBeside } from './bucket-store.ts'
import { type BucketService, serviceKeys } from './open-service.ts'

/** What ours does with large bodies: parts of 8 MiB, four at once. */
const uploading = { partSize: 8 * 1024 ** 2, queueSize: 4 }

/** A client as its documentation has it: its own checksums sent, and verified where the answer has one. */
function createSdkClient({ url }: Pick<BucketService, 'url'>): S3Client {
  // It notes in the object where the keys came from.
  return new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: { ...serviceKeys } })
}

/** The same jobs by the SDK. */
export function openSdkBucket(service: Pick<BucketService, 'url'>): BucketStore {
  const client = createSdkClient(service)
  const at = (path: string): { readonly Bucket: string; readonly Key: string } => ({ Bucket: 'bucket', Key: path.slice(1) })
  return {
    name: 'SDK',
    ...nothingBeside,
    file: (path) => ({
      write: (bytes) => client.send(new PutObjectCommand({ ...at(path), Body: bytes })),
      read: async () => (await client.send(new GetObjectCommand(at(path)))).Body?.transformToByteArray() ?? missing(path),
      stat: () => client.send(new HeadObjectCommand(at(path))),
    }),
    writeStream: (path, chunks) => new Upload({ client, params: { ...at(path), Body: Readable.from(chunks, { objectMode: false }) }, ...uploading }).done(),
    readStream: async (path) => {
      const { Body } = await client.send(new GetObjectCommand(at(path)))
      return countBytes((Body as Readable | undefined) ?? missing(path))
    },
    listTree: async (path) => {
      let count = 0
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: 'bucket', Prefix: path === '/' ? '' : `${path.slice(1)}/` })) count += Contents.length
      return count
    },
    close: () => {
      client.destroy()
      return Promise.resolve()
    },
  }
}

function missing(path: string): never {
  throw new Error(`${path} is not there.`)
}
