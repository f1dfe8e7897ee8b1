import { createPolicy, NexusError, type OpenContext, sleep, sleepBy } from '@nexus/core/contract'
import { type ObjectStore, withPrefix } from '@nexus/object-storage'
import { askVersioning, lifecycle } from './bucket.ts'
import type { GcsConfig } from './config.ts'
import type { GcsAttempts, GcsContext } from './context.ts'
import { copy, copyFrom, serviceOf } from './copy.ts'
import { loadCrc32c } from './crc32c.ts'
import { findCredentials } from './credentials.ts'
import { deleteKeys, deleteMatching } from './delete.ts'
import { get } from './get.ts'
import { head } from './head.ts'
import { list, versions } from './list.ts'
import { presign } from './presign.ts'
import { maxSizeBytes, put } from './put.ts'
import { putStream } from './put-stream.ts'

/**
 * Opens a bucket, or what is below its prefix: finds credentials and asks whether the bucket is there and keeps versions, in one request.
 * @param attempts Default: three of each
 * @throws CloudCredentialError, NexusError `unavailable` when the bucket does not exist or cannot be reached
 */
export async function openGcsObjectStore(config: GcsConfig, context: OpenContext, attempts: GcsAttempts = { calls: 3, steps: 3 }): Promise<ObjectStore> {
  const tokens = config.anonymous ? undefined : await findCredentials(config, context)
  const { fetch, now, random, startTimer, gateFor } = context
  // Cloud Storage counts by account, whichever bucket it is.
  const gate = gateFor?.(`gcs ${config.endpoint} ${tokens?.reader ?? 'anonymous'}`)
  const policy = createPolicy({ gate, now, startTimer })
  const waiting = { sleep: startTimer === undefined ? sleep : sleepBy(startTimer), startTimer }
  const unprobed: GcsContext = { config, fetch, now, random, ...waiting, policy, attempts, tokens, crc32c: await loadCrc32c(), keepsVersions: false }
  // Who is nobody may not ask.
  const keepsVersions = !config.anonymous && (await askVersioning(unprobed, { signal: context.signal }))
  return withPrefix(createStore({ ...unprobed, keepsVersions }), config.prefix)
}

function createStore(context: GcsContext): ObjectStore {
  const { config, keepsVersions } = context
  let isClosed = false
  const open = (): GcsContext => {
    if (isClosed) throw new NexusError('unavailable', { backend: 'gcs', reason: 'The store is closed; open it again.' })
    return context
  }
  return {
    scheme: 'gcs',
    name: `gcs://${config.projectId === undefined ? '' : `${config.projectId}/`}${config.bucket}`,
    identity: `gcs ${config.endpoint}/${config.bucket}`,
    reader: context.tokens?.reader ?? 'anonymous',
    conditions: { absent: true, match: true },
    keepsVersions,
    maxSizeBytes,
    serviceHealth: () => context.policy.health(),
    ...verbs(open),
    ...extras(open, context),
    close: () => {
      isClosed = true
      return Promise.resolve()
    },
  }
}

type Open = () => GcsContext

function verbs(open: Open): Pick<ObjectStore, 'head' | 'get' | 'put' | 'putStream' | 'copy' | 'delete' | 'list'> {
  return {
    head: async (key, options) => head(open(), key, options),
    get: async (key, options) => get(open(), key, options),
    put: async (key, body, options) => put(open(), key, body, options),
    putStream: async (key, body, options) => putStream(open(), key, body, options),
    copy: async (from, to, options) => copy(open(), { from: { bucket: open().config.bucket, key: from }, to }, options),
    delete: async (keys, options) => deleteKeys(open(), keys, options),
    async *list(options) {
      yield* list(open(), options)
    },
  }
}

function extras(open: Open, context: GcsContext): Pick<ObjectStore, 'storedAt' | 'copyFrom' | 'deleteMatching' | 'versions' | 'presign' | 'lifecycle'> {
  const { tokens, keepsVersions, config } = context
  const signer = tokens?.signer
  return {
    storedAt: (key) => ({ service: serviceOf(context), container: config.bucket, key }),
    copyFrom: async (source, to, options) => copyFrom(open(), { source, to }, options),
    deleteMatching: async (key, etag, options) => deleteMatching(open(), { key, etag }, options),
    ...(keepsVersions && {
      async *versions(key, options) {
        yield* versions(open(), key, options)
      },
    }),
    ...(signer && { presign: async (key, options) => presign(open(), signer, { key, ...options }) }),
    lifecycle: async (options) => lifecycle(open(), options),
  }
}
