import { createObjects } from './memory-objects.ts'
import { type MemoryContext, type MemoryStoreOptions, request, type StoreVerb } from './memory-request.ts'
import { copy, deleteKeys, deleteMatching, get, list, put, putStream, told, versions } from './memory-verbs.ts'
import type { ObjectStore } from './object-store.ts'

/** A store that counts. */
export interface MemoryStore extends ObjectStore {
  /** Requests by verb, failed ones too; 0 for none. */
  readonly requests: Readonly<Record<StoreVerb, number>>
}

/** A bucket in this process' memory, as strict as a service: for tests, also of what fails and when. */
export function openMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { scheme = 'memory', now = Date.now, conditions = { absent: true, match: true }, keepsVersions = false, maxSizeBytes = 1024 ** 3, pageSize = 1000 } = options
  const requests = { head: 0, get: 0, put: 0, putStream: 0, copy: 0, delete: 0, deleteMatching: 0, list: 0, versions: 0, lifecycle: 0 }
  const context: MemoryContext = { scheme, options, conditions, maxSizeBytes, pageSize, objects: createObjects({ now, keepsVersions }), requests, isClosed: false }
  const name = options.name ?? `${scheme}://bucket`
  return {
    scheme,
    name,
    identity: `${name}#${crypto.randomUUID()}`,
    conditions,
    keepsVersions,
    maxSizeBytes,
    requests,
    ...reading(context),
    ...writing(context),
    ...((options.deletesMatching ?? conditions.match) ? { deleteMatching: (key, etag, given) => deleteMatching(context, { key, etag }, given) } : {}),
    ...(keepsVersions ? { versions: (key, given) => versions(context, key, given) } : {}),
    reader: 'anonymous',
    presign: (key, { method, expiresInMs }) => Promise.resolve(new URL(`${name}/${encodeURIComponent(key)}?method=${method}&expiresInMs=${expiresInMs}`)),
    lifecycle: (given) => request(context, { op: 'lifecycle', path: '' }, given, () => options.rules ?? []),
    close: () => {
      context.isClosed = true
      return Promise.resolve()
    },
  }
}

function reading(context: MemoryContext): Pick<ObjectStore, 'head' | 'get' | 'list'> {
  return {
    head: (key, options) => request(context, { op: 'head', path: key }, options, () => told(context.objects.find(key, options?.version))),
    get: (key, options) => request(context, { op: 'get', path: key }, options, (place) => get(context, place, options)),
    list: (options) => list(context, options),
  }
}

function writing(context: MemoryContext): Pick<ObjectStore, 'put' | 'putStream' | 'copy' | 'delete'> {
  return {
    put: async (key, body, options) => {
      const bytes = body.slice()
      return request(context, { op: 'put', path: key }, options, (place) => put(context, place, bytes, options))
    },
    putStream: (key, body, options) => putStream(context, { op: 'putStream', path: key }, body, options),
    copy: (from, to, options) => request(context, { op: 'copy', path: to }, options, (place) => copy(context, place, from, options)),
    delete: (keys, options) => deleteKeys(context, keys, options),
  }
}

