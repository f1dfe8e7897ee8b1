import process from 'node:process'
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
  /** Where caches and indexes stand; default: where the user has them. */
  readonly stateDirectory?: string | undefined
  /** Whether it has caches; default false. */
  readonly cached?: boolean | undefined
}

/** Which service, and where. */
type BucketPlace = Pick<BucketService, 'scheme' | 'url'>

/** Where the bucket is mounted. */
export const bucketAt = '/bucket'

/** Mounts a service's bucket as people do, remembering nothing. */
export async function mountBucket({ scheme, url: endpoint }: BucketPlace, { layout, prefix = '', stateDirectory, cached = false }: BucketMountOptions): Promise<SlimNexusFS> {
  const uri = scheme === 's3' ? `s3://bucket/${prefix}` : `gcs://project/bucket/${prefix}`
  const options = scheme === 's3' ? { endpoint, layout, region: 'us-east-1', ...serviceKeys } : { endpoint, layout, anonymous: true }
  if (stateDirectory !== undefined) process.env['NEXUS_FS_STATE_DIR'] = stateDirectory
  return await mount({ uri, at: bucketAt, options }, { ephemeral: true, cache: cached ? {} : false, backends: { s3: s3Backend, gcs: gcsBackend } })
}

/** Ours, layout `path`; with caches, where they may stand. */
export async function openNexusBucket(service: BucketPlace, stateDirectory?: string): Promise<BucketStore> {
  const fs = await mountBucket(service, { layout: 'path', stateDirectory, cached: stateDirectory !== undefined })
  return {
    name: 'nexus',
    ...nothingBeside,
    file: (path) => {
      const full = bucketAt + path
      return { write: (bytes) => fs.write(full, bytes), read: () => fs.read(full), stat: () => fs.stat(full) }
    },
    writeStream: (path, chunks) => fs.write(bucketAt + path, chunks),
    readStream: async (path) => countBytes((await fs.open(bucketAt + path)).stream()),
    listTree: async (path) => {
      let count = 0
      for await (const { kind } of fs.list(bucketAt + path, { recursive: true })) if (kind === 'file') count++
      return count
    },
    close: () => fs.close(),
  }
}
