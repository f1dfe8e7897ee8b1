import { createObjects } from './memory-objects.ts'
import { type MemoryContext, type MemoryService, type MemoryStoreOptions, request, type StoreVerb } from './memory-request.ts'
import { copy, copyFrom, deleteKeys, deleteMatching, get, list, put, putStream, told, versions } from './memory-verbs.ts'
import type { ObjectStore } from './object-store.ts'

/** A store that counts. */
export interface MemoryStore extends ObjectStore {
  /** Requests by verb, failed ones too; 0 for none. */
  readonly requests: Readonly<Record<StoreVerb, number>>
}

/** A service without buckets. */
export function createMemoryService(): MemoryService {
  return { name: `memory ${crypto.randomUUID()}`, buckets: new Map() }
}

/** A bucket in this process' memory, as strict as a service: for tests, also of what fails and when. */
export function openMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { scheme = 'memory', now = Date.now, conditions = { absent: true, match: true }, keepsVersions = false, maxSizeBytes = 1024 ** 3, pageSize = 1000 } = options
  const requests = { head: 0, get: 0, put: 0, putStream: 0, copy: 0, delete: 0, deleteMatching: 0, list: 0, versions: 0, lifecycle: 0 }
  const name = options.name ?? `${scheme}://bucket`
  const service = options.service ?? createMemoryService()
  const objects = service.buckets.get(name) ?? createObjects({ now, keepsVersions })
  service.buckets.set(name, objects)
  const context: MemoryContext = { scheme, service, options, conditions, maxSizeBytes, pageSize, objects, requests, isClosed: false }
  return {
    scheme,
    name,
    identity: `${name}#${crypto.randomUUID()}`,
    reader: 'anonymous',
    conditions,
    keepsVersions,
    maxSizeBytes,
    requests,
    ...reading(context),
    ...writing(context),
    storedAt: (key) => ({ service: service.name, container: name, key }),
    ...((options.deletesMatching ?? conditions.match) ? { deleteMatching: (key, etag, given) => deleteMatching(context, { key, etag }, given) } : {}),
    ...(keepsVersions ? { versions: (key, given) => versions(context, key, given) } : {}),
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

function writing(context: MemoryContext): Pick<ObjectStore, 'put' | 'putStream' | 'copy' | 'copyFrom' | 'delete'> {
  return {
    put: async (key, body, options) => {
      const bytes = body.slice()
      return request(context, { op: 'put', path: key }, options, (place) => put(context, place, bytes, options))
    },
    putStream: (key, body, options) => putStream(context, { op: 'putStream', path: key }, body, options),
    copy: (from, to, options) => request(context, { op: 'copy', path: to }, options, (place) => copy(context, place, { from }, options)),
    copyFrom: (source, to, options) => copyFrom(context, { op: 'copy', path: to }, source, options),
    delete: (keys, options) => deleteKeys(context, keys, options),
  }
}

