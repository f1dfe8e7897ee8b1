import gcsBackend from '@nexus/backend-gcs'
import s3Backend from '@nexus/backend-s3'
import { mount, type SlimNexusFS } from '@nexus/core'
import { countBytes } from '../stores/consume.ts'
import { type BucketStore, nothingBeside } from './bucket-store.ts'
import { type BucketService, serviceKeys } from './open-service.ts'

/** How a bucket is mounted. */
export interface BucketMountOptions {
  readonly layout: 'path' | 'cas'
  /** Below the bucket; default all of it. */
  readonly prefix?: string
}

/** Which service, and where. */
type BucketPlace = Pick<BucketService, 'scheme' | 'url'>

/** Where the bucket is mounted. */
export const bucketAt = '/bucket'

/** Mounts a service's bucket as people do, remembering nothing. */
export async function mountBucket({ scheme, url: endpoint }: BucketPlace, { layout, prefix = '' }: BucketMountOptions): Promise<SlimNexusFS> {
  const uri = scheme === 's3' ? `s3://bucket/${prefix}` : `gcs://project/bucket/${prefix}`
  const options = scheme === 's3' ? { endpoint, layout, region: 'us-east-1', ...serviceKeys } : { endpoint, layout, anonymous: true }
  return await mount({ uri, at: bucketAt, options }, { ephemeral: true, backends: { s3: s3Backend, gcs: gcsBackend } })
}

/** Ours, layout `path`; reads ask the service each time unless they are to come from the cache. */
export async function openNexusBucket(service: BucketPlace, { cached = false }: { readonly cached?: boolean } = {}): Promise<BucketStore> {
  const fs = await mountBucket(service, { layout: 'path' })
  const reading = { fresh: !cached }
  return {
    name: 'nexus',
    ...nothingBeside,
    file: (path) => {
      const full = bucketAt + path
      return { write: (bytes) => fs.write(full, bytes), read: () => fs.read(full, reading), stat: () => fs.stat(full, reading) }
    },
    writeStream: (path, chunks) => fs.write(bucketAt + path, chunks),
    readStream: async (path) => countBytes((await fs.open(bucketAt + path, reading)).stream()),
    listTree: async (path) => {
      let count = 0
      for await (const { kind } of fs.list(bucketAt + path, { recursive: true, ...reading })) if (kind === 'file') count++
      return count
    },
    close: () => fs.close(),
  }
}
