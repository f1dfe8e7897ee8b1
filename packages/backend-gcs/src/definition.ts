import { type BackendDefinition, createPolicy, type OpenContext } from '@nexus/core/contract'
import { detectLayout, type ObjectStore, openBucketStores, openObjectTree, resilient } from '@nexus/object-storage'
import { type GcsConfig, gcsFromUri, parseGcsConfig } from './config.ts'
import { openGcsObjectStore } from './store.ts'

/** The scheme `gcs`: `gcs://project/bucket/prefix`. */
export const gcsBackend: BackendDefinition<GcsConfig> = {
  scheme: 'gcs',
  contract: 1,
  fromUri: gcsFromUri,
  parseConfig: parseGcsConfig,
  open: async (config, context) => openObjectTree(await openResilient(config, context, attempts), { now: context.now }),
  openStore: async (config, context) => openBucketStores(await openResilient(config, context, 1), context),
  detectLayout: async (config, context) => {
    const store = await openResilient(config, context, attempts)
    try {
      return await detectLayout(store, { signal: context.signal })
    } finally {
      await store.close()
    }
  },
}

/** Of each request; a repository repeats its own, because it knows what its journal says of a lost answer. */
const attempts = 3

async function openResilient(config: GcsConfig, context: OpenContext, attemptsEach: number): Promise<ObjectStore> {
  return resilient(await openGcsObjectStore(config, context), createPolicy({ attempts: attemptsEach, now: context.now }))
}
