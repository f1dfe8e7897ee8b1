import type { BackendDefinition } from '@nexus/core/contract'
import { detectLayout, openBucketStores, openObjectTree } from '@nexus/object-storage'
import { type GcsConfig, gcsFromUri, parseGcsConfig } from './config.ts'
import { openGcsObjectStore } from './store.ts'

/** The scheme `gcs`: `gcs://project/bucket/prefix`. */
export const gcsBackend: BackendDefinition<GcsConfig> = {
  scheme: 'gcs',
  contract: 1,
  fromUri: gcsFromUri,
  parseConfig: parseGcsConfig,
  open: async (config, context) => openObjectTree(await openGcsObjectStore(config, context), { now: context.now }),
  openStore: async (config, context) => openBucketStores(await openGcsObjectStore(config, context), context),
  detectLayout: async (config, context) => {
    const store = await openGcsObjectStore(config, context)
    try {
      return await detectLayout(store, { signal: context.signal })
    } finally {
      await store.close()
    }
  },
}
