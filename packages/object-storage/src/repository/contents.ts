import { type CallOptions, type ContentStore, type DurableOptions, NexusError, type StagedContent } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import { readBody } from '../read-body.ts'
import { repeatedly } from './attempts.ts'
import type { BucketContext } from './context.ts'
import { deferralOf } from './deferral.ts'
import { checkContentKey, isContentKey } from './keys.ts'
import { quarantineObject } from './quarantine.ts'

/** Parts of 8 MiB that are on their way at once: what they take of memory, a mount may have. */
const uploadsAtOnce = 4
/** Pieces of 1 MiB that are read at once: so many hide the time that an answer takes. */
const readsAtOnce = 8
/** What was uploaded longer ago is looked at before a commit refers to it: it might have been swept. */
const lookAgainMs = 12 * 60 * 60 * 1000
/** Longer bodies go up in parts. */
const maxPutBytes = 64 * 1024 * 1024
const chunkBytes = 8 * 1024 * 1024
const deletedAtOnce = 1_000
const looksAtOnce = 8

/** Contents as objects of a bucket: an upload is durable and stands under its key at once, and means nothing until a commit refers to it. */
export function createContents(context: BucketContext): ContentStore {
  const { store } = context
  return {
    uploadsAtOnce,
    readsAtOnce,
    deferral: deferralOf(context),
    stage: (key, body, options) => stage(context, { key, body, options }),
    settle: () => undefined,
    sync: (keys, options) => lookAtAll(context, keys, options),
    read: (key, range, options) => readRange(context, { key, range, options }),
    stat: (key, options) => stat(context, key, options),
    async *list(prefix, { signal } = {}) {
      for await (const { objects } of store.list({ prefix, signal })) {
        for (const { key, sizeBytes, modifiedAt } of objects) if (isContentKey(key)) yield { key, sizeBytes, modifiedAt }
      }
    },
    delete: async (keys, { signal } = {}) => {
      for (let start = 0; start < keys.length; start += deletedAtOnce) {
        const some = keys.slice(start, start + deletedAtOnce)
        await repeatedly(context, signal, () => store.delete(some, { signal }))
      }
    },
    quarantine: (key) => quarantineObject(context, key),
    // A writer that is gone leaves whole objects, which garbage collection knows.
    sweep: () => Promise.resolve(0),
  }
}

interface Staging {
  readonly key: string
  readonly body: Uint8Array
  readonly options: DurableOptions
}

async function stage(context: BucketContext, staging: Staging): Promise<StagedContent> {
  const { key, options: { signal } } = staging
  checkContentKey(key)
  signal?.throwIfAborted()
  const { modifiedAt } = await upload(context, staging)
  context.clock.note(modifiedAt)
  return {
    publish: () => ((context.clock.now() ?? 0) - modifiedAt.getTime() > lookAgainMs ? lookAgain(context, key) : undefined),
    // Another writer may have stored the same bytes under this key, and committed them.
    discard: () => undefined,
  }
}

/** In parts each part is repeated by itself: the whole once more would cost all of them again. */
function upload(context: BucketContext, { key, body, options: { signal } }: Staging): Promise<ObjectInfo> {
  const { store } = context
  if (body.length <= maxPutBytes) return repeatedly(context, signal, () => store.put(key, body, { signal }))
  return store.putStream(key, ReadableStream.from(chunksOf(body)), { signal })
}

function* chunksOf(body: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < body.length; offset += chunkBytes) yield body.subarray(offset, offset + chunkBytes)
}

async function lookAgain(context: BucketContext, key: string): Promise<void> {
  if ((await repeatedly(context, undefined, () => context.store.head(key))) !== undefined) return
  throw new NexusError('busy', { op: 'write', path: key, reason: 'What was uploaded for this write lay so long that it was swept; write it again.' })
}

async function lookAtAll(context: BucketContext, keys: readonly string[], options: CallOptions | undefined): Promise<void> {
  for (let start = 0; start < keys.length; start += looksAtOnce) {
    await Promise.all(keys.slice(start, start + looksAtOnce).map((key) => stat(context, key, options)))
  }
}

interface Reading {
  readonly key: string
  readonly range: { readonly offset: number; readonly length: number }
  readonly options: CallOptions | undefined
}

async function readRange(context: BucketContext, { key, range, options }: Reading): Promise<Uint8Array> {
  checkContentKey(key)
  const bytes = await repeatedly(context, options?.signal, async () => {
    const body = await context.store.get(key, { range, signal: options?.signal })
    return body === undefined ? undefined : readBody(body)
  })
  if (bytes === undefined) throw missing(context, 'read', key)
  if (bytes.length === range.length) return bytes
  throw new NexusError('corrupt', { op: 'read', path: key, reason: `${range.length} bytes are expected at byte ${range.offset}, and the object ends after ${bytes.length} of them. Run fsck.` })
}

async function stat(context: BucketContext, key: string, { signal }: CallOptions = {}): Promise<{ readonly sizeBytes: number; readonly modifiedAt: Date }> {
  checkContentKey(key)
  const info = await repeatedly(context, signal, () => context.store.head(key, { signal }))
  if (info === undefined) throw missing(context, 'stat', key)
  return { sizeBytes: info.sizeBytes, modifiedAt: info.modifiedAt }
}

function missing({ store }: BucketContext, op: string, key: string): NexusError {
  return new NexusError('not_found', { op, path: key, backend: store.scheme, reason: 'The object is not there.' })
}
