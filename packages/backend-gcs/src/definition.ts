import { type BackendDefinition, type Diagnosis, type OpenContext } from '@nexus/core/contract'
import { detectLayout, lifecycleRules, mountObjectTree, type ObjectStore, openBucketStores, resilient } from '@nexus/object-storage'
import { type GcsConfig, gcsFromUri, parseGcsConfig } from './config.ts'
import { discoverCredentials } from './credentials.ts'
import { openGcsObjectStore } from './store.ts'

/** The scheme `gcs`: `gcs://project/bucket/prefix`. */
export const gcsBackend: BackendDefinition<GcsConfig> = {
  scheme: 'gcs',
  contract: 1,
  fromUri: gcsFromUri,
  parseConfig: parseGcsConfig,
  open: async (config, context) => mountObjectTree(await openResilient(config, context, attempts), context),
  openStore: async (config, context) => openBucketStores(await openResilient(config, context, 1), context),
  detectLayout: async (config, context) => {
    const store = await openResilient(config, context, attempts)
    try {
      return await detectLayout(store, { signal: context.signal })
    } finally {
      await store.close()
    }
  },
  diagnose,
}

/** Of each request; a repository repeats its calls by itself, because it knows what its journal says of a lost answer, but no parts and pages of them. */
const attempts = 3

async function diagnose(config: GcsConfig, context: OpenContext): Promise<Diagnosis> {
  if (config.anonymous) return { credentials: [], rules: { unknown: 'Who sends no credentials may not look at the lifecycle rules of the bucket.' } }
  const { looked: credentials, source } = await discoverCredentials(config, context)
  if (source === undefined) return { credentials, rules: { unknown: 'Without credentials nobody may look at the lifecycle rules of the bucket.' } }
  return { credentials, rules: await lifecycleRules(() => openResilient(config, context, 1), context) }
}

async function openResilient(config: GcsConfig, context: OpenContext, attemptsEach: number): Promise<ObjectStore> {
  const store = await openGcsObjectStore(config, context, { calls: attemptsEach, steps: attempts })
  // Who repeats by itself reads again by itself.
  return attemptsEach === 1 ? store : resilient(store)
}
