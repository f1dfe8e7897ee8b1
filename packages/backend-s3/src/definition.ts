import { type BackendDefinition, type Diagnosis, type OpenContext } from '@nexus/core/contract'
import { detectLayout, lifecycleRules, mountObjectTree, type ObjectStore, openBucketStores, resilient, withPrefix } from '@nexus/object-storage'
import { parseS3Config, type S3Config, s3FromUri } from './config.ts'
import { discoverCredentials } from './credentials.ts'
import { openS3Store } from './store.ts'

/** Amazon S3 and what speaks its API, scheme `s3`: `s3://bucket/prefix`. */
export const s3Backend: BackendDefinition<S3Config> = {
  scheme: 's3',
  contract: 1,
  fromUri: s3FromUri,
  parseConfig: parseS3Config,
  open: async (config, context) => mountObjectTree(await openPrefix(config, context, attempts), context),
  openStore: async (config, context) => openBucketStores(await openPrefix(config, context, 1), context),
  detectLayout: async (config, context) => {
    const store = await openPrefix(config, context, attempts)
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

async function diagnose(config: S3Config, context: OpenContext): Promise<Diagnosis> {
  if (config.anonymous) return { credentials: [], rules: { unknown: 'Who sends no credentials may not look at the lifecycle rules of the bucket.' } }
  const { looked: credentials, source } = await discoverCredentials(config, context)
  if (source === undefined) return { credentials, rules: { unknown: 'Without credentials nobody may look at the lifecycle rules of the bucket.' } }
  return { credentials, rules: await lifecycleRules(() => openPrefix(config, context, 1), context) }
}

async function openPrefix(config: S3Config, context: OpenContext, attemptsEach: number): Promise<ObjectStore> {
  const store = withPrefix(await openS3Store(config, context, { attempts: { calls: attemptsEach, steps: attempts } }), config.prefix)
  // Who repeats by itself reads again by itself.
  return attemptsEach === 1 ? store : resilient(store)
}
