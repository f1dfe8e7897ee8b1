import type { BackendDefinition, OpenContext } from '@nexus/core/contract'
import { detectLayout, type ObjectStore, openBucketStores, openObjectTree, withPrefix } from '@nexus/object-storage'
import { parseS3Config, type S3Config, s3FromUri } from './config.ts'
import { openS3Store } from './store.ts'

/** Amazon S3 and what speaks its API, scheme `s3`: `s3://bucket/prefix`. */
export const s3Backend: BackendDefinition<S3Config> = {
  scheme: 's3',
  contract: 1,
  fromUri: s3FromUri,
  parseConfig: parseS3Config,
  open: async (config, context) => openObjectTree(await openPrefix(config, context), { now: context.now }),
  openStore: async (config, context) => openBucketStores(await openPrefix(config, context), context),
  detectLayout: async (config, context) => {
    const store = await openPrefix(config, context)
    try {
      return await detectLayout(store, { signal: context.signal })
    } finally {
      await store.close()
    }
  },
}

async function openPrefix(config: S3Config, context: OpenContext): Promise<ObjectStore> {
  return withPrefix(await openS3Store(config, context), config.prefix)
}
