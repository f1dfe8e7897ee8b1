import { createHash } from 'node:crypto'
import { createPolicy, NexusError, type OpenContext } from '@nexus/core/contract'
import type { ObjectStore } from '@nexus/object-storage'
import { createClient, isAmazon } from './client.ts'
import type { S3Config } from './config.ts'
import { defaultAttempts, defaultLimits, type S3Attempts, type S3Context, type S3Limits } from './context.ts'
import { copy, copyFrom, serviceOf } from './copy.ts'
import { findCredentials, type S3CredentialSource } from './credentials.ts'
import { remove, removeMatching } from './delete.ts'
import { withEndpointHint } from './endpoint-hint.ts'
import { get } from './get.ts'
import { head } from './head.ts'
import { lifecycle } from './lifecycle.ts'
import { list } from './list.ts'
import { presign } from './presign.ts'
import { declaredConditions, prove } from './prove.ts'
import { put } from './put.ts'
import { findRegion } from './region.ts'
import { maxStreamBytes, putStream } from './upload.ts'
import { keepsVersions, versions } from './versions.ts'

/** A bucket, and the means to find out what its service keeps. */
export interface S3Store extends ObjectStore {
  /** Tries create-only and matching writes on an object of its own and removes it; `conditions` says the outcome from then on. */
  probe(options?: { readonly signal?: AbortSignal | undefined }): Promise<ObjectStore['conditions']>
}

/** What may be different about a store. */
export interface S3StoreOptions {
  /** Smaller sizes and times, for tests. */
  readonly limits?: Partial<S3Limits> | undefined
  /** Default: three of each. */
  readonly attempts?: S3Attempts | undefined
}

/**
 * Opens a whole bucket; `withPrefix` of @nexus/object-storage narrows it. Loads the SDK, finds credentials, and asks the bucket one question.
 * @throws CloudCredentialError without usable credentials; NexusError `unavailable` for a missing bucket or server
 */
export async function openS3Store(config: S3Config, open: OpenContext, options: S3StoreOptions = {}): Promise<S3Store> {
  const context = await createContext(config, open, options)
  const isVersioned = config.anonymous ? false : await askVersioning(context, open)
  let conditions = config.anonymous ? { absent: false, match: false } : declaredConditions(context)
  let isClosed = false
  const whenOpen = (): S3Context => {
    if (isClosed) throw new NexusError('unavailable', { path: context.name, backend: 's3', reason: 'The store is closed; open it again.' })
    return context
  }
  return {
    scheme: 's3',
    name: context.name,
    identity: `s3:${config.endpoint ?? 'aws'}/${config.bucket}`,
    reader: context.reader,
    get conditions() {
      return conditions
    },
    keepsVersions: isVersioned,
    maxSizeBytes: maxStreamBytes(context.limits.partBytes),
    serviceHealth: () => context.policy.health(),
    ...verbs(whenOpen),
    ...elsewhere(whenOpen, context),
    ...(isVersioned && {
      async *versions(key, options) {
        yield* versions(whenOpen(), key, options)
      },
    }),
    ...(conditions.match && { deleteMatching: async (key, etag, options) => removeMatching(whenOpen(), { key, etag }, options) }),
    probe: async ({ signal } = {}) => {
      signal?.throwIfAborted()
      const absent = await prove(whenOpen(), 'put', 'absent')
      signal?.throwIfAborted()
      conditions = { absent, match: await prove(whenOpen(), 'put', 'match') }
      return conditions
    },
    close: () => {
      if (!isClosed) context.client.destroy()
      isClosed = true
      return Promise.resolve()
    },
  }
}

/** The first question to the bucket. */
async function askVersioning(context: S3Context, { env, signal }: OpenContext): Promise<boolean> {
  try {
    return await keepsVersions(context, { signal })
  } catch (error) {
    context.client.destroy()
    signal?.throwIfAborted()
    throw withEndpointHint(error, context.config, env)
  }
}

function verbs(context: () => S3Context): Pick<ObjectStore, 'head' | 'get' | 'put' | 'putStream' | 'copy' | 'delete' | 'list' | 'presign' | 'lifecycle'> {
  return {
    head: async (key, options) => head(context(), key, options),
    get: async (key, options) => get(context(), key, options),
    put: async (key, body, options) => put(context(), key, body, options),
    putStream: async (key, body, options = {}) => putStream(context(), key, { body, options }),
    copy: async (from, to, { ifSourceMatch, ...options } = {}) => copy(context(), { from: { key: from }, to, ifSourceMatch }, options),
    delete: async (keys, options) => remove(context(), keys, options),
    // Generators, so that a closed store fails in the iteration like everything else.
    async *list(options) {
      yield* list(context(), options)
    },
    presign: async (key, options) => presign(context(), key, options),
    lifecycle: async (options) => lifecycle(context(), options),
  }
}

/** The name of an access point is none of a bucket that copies can be asked from. */
function elsewhere(open: () => S3Context, context: S3Context): Pick<ObjectStore, 'storedAt' | 'copyFrom'> {
  const { bucket } = context.config
  return {
    ...(!bucket.startsWith('arn:') && { storedAt: (key: string) => ({ service: serviceOf(context), container: bucket, key }) }),
    copyFrom: async (source, to, { ifSourceMatch, ...options } = {}) => copyFrom(open(), { source, to, ifSourceMatch }, options),
  }
}

async function createContext(config: S3Config, open: OpenContext, options: S3StoreOptions): Promise<S3Context> {
  const limits = { ...defaultLimits, ...options.limits }
  const attempts = options.attempts ?? defaultAttempts
  const { now, startTimer, gateFor, random } = open
  const source = config.anonymous ? undefined : await findCredentials(config, open)
  const region = await findRegion(config, open)
  const created = await createClient(config, { region, source })
  const reader = source === undefined ? 'anonymous' : await nameReader(source)
  // S3 counts by account and endpoint, whichever bucket it is.
  const gate = gateFor?.(`s3 ${config.endpoint ?? region} ${reader}`)
  return {
    ...created,
    config,
    limits,
    name: `s3://${config.bucket}`,
    reader,
    isAws: isAmazon(config),
    region,
    proofs: new Map(),
    policy: createPolicy({ gate, now, startTimer, timeoutMs: limits.timeoutMs }),
    attempts,
    now,
    startTimer,
    random,
    learnt: { bucketExists: false, refusesChecksums: false },
  }
}

/** Keys are no secret, but nothing needs them in the clear either. */
async function nameReader(source: S3CredentialSource): Promise<string> {
  const { accessKeyId } = await source()
  return createHash('sha256').update(accessKeyId).digest('hex').slice(0, 16)
}
