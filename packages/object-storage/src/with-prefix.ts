import { isNexusError, relocateError } from '@nexus/core/contract'
import type { LifecycleRule, ListPagesOptions, ObjectInfo, ObjectPage, ObjectStore } from './object-store.ts'

/**
 * What is below a prefix, as a store of its own. Closing it closes the store.
 * @param prefix Ends in `/`, or is empty: then it is the store itself.
 */
export function withPrefix(store: ObjectStore, prefix: string): ObjectStore {
  if (prefix === '') return store
  const view: View = { store, prefix }
  return {
    scheme: store.scheme,
    name: `${store.name}/${prefix.slice(0, -1)}`,
    identity: `${store.identity}/${prefix.slice(0, -1)}`,
    reader: store.reader,
    within: view,
    conditions: store.conditions,
    keepsVersions: store.keepsVersions,
    maxSizeBytes: store.maxSizeBytes,
    ...verbs(view),
    ...extras(view),
    close: () => store.close(),
  }
}

interface View {
  readonly store: ObjectStore
  readonly prefix: string
}

function verbs(view: View): Pick<ObjectStore, 'head' | 'get' | 'put' | 'putStream' | 'copy' | 'delete' | 'list'> {
  const { store, prefix } = view
  const told = (info: ObjectInfo): ObjectInfo => without(view, info)
  return {
    head: (key, options) => retold(view, async () => optionally(await store.head(prefix + key, options), told)),
    get: (key, options) => retold(view, async () => optionally(await store.get(prefix + key, options), ({ info, stream }) => ({ info: told(info), stream }))),
    put: (key, body, options) => retold(view, async () => told(await store.put(prefix + key, body, options))),
    putStream: (key, body, options) => retold(view, async () => told(await store.putStream(prefix + key, body, options))),
    copy: (from, to, options) => retold(view, async () => optionally(await store.copy(prefix + from, prefix + to, options), told)),
    delete: (keys, options) => retold(view, () => store.delete(keys.map((key) => prefix + key), options)),
    list: (options) => list(view, options),
  }
}

function extras(view: View): Pick<ObjectStore, 'storedAt' | 'copyFrom' | 'deleteMatching' | 'versions' | 'serviceHealth' | 'presign' | 'lifecycle'> {
  const { store, prefix } = view
  const storedAt = store.storedAt?.bind(store)
  const copyFrom = store.copyFrom?.bind(store)
  const deleteMatching = store.deleteMatching?.bind(store)
  const versions = store.versions?.bind(store)
  const serviceHealth = store.serviceHealth?.bind(store)
  const presign = store.presign?.bind(store)
  const lifecycle = store.lifecycle?.bind(store)
  return {
    ...(storedAt && { storedAt: (key) => storedAt(prefix + key) }),
    ...(copyFrom && { copyFrom: (source, to, options) => retold(view, async () => optionally(await copyFrom(source, prefix + to, options), (info) => without(view, info))) }),
    ...(deleteMatching && { deleteMatching: (key, etag, options) => retold(view, () => deleteMatching(prefix + key, etag, options)) }),
    ...(versions && {
      async *versions(key, options) {
        for await (const version of versions(prefix + key, options)) yield without(view, version)
      },
    }),
    ...(serviceHealth && { serviceHealth }),
    ...(presign && { presign: (key, options) => retold(view, () => presign(prefix + key, options)) }),
    ...(lifecycle && { lifecycle: async (options) => (await lifecycle(options))?.flatMap((rule) => below(view, rule)) }),
  }
}

async function* list({ store, prefix }: View, options: ListPagesOptions): AsyncGenerator<ObjectPage> {
  const startAfter = options.startAfter === undefined || options.startAfter === '' ? undefined : prefix + options.startAfter
  for await (const { objects, prefixes } of store.list({ ...options, prefix: prefix + options.prefix, startAfter })) {
    yield {
      // A marker of the prefix itself is no object below it.
      objects: objects.filter(({ key }) => key !== prefix).map((info) => without({ store, prefix }, info)),
      prefixes: prefixes.map((name) => name.slice(prefix.length)),
    }
  }
}

/** A rule as seen from below: one for a part outside does not concern us, one for all or for an ancestor concerns everything. */
function below({ prefix }: View, rule: LifecycleRule): LifecycleRule[] {
  if (rule.prefix.startsWith(prefix)) return [{ ...rule, prefix: rule.prefix.slice(prefix.length) }]
  return prefix.startsWith(rule.prefix) ? [{ ...rule, prefix: '' }] : []
}

function without<T extends { readonly key: string }>({ prefix }: View, info: T): T {
  return { ...info, key: info.key.slice(prefix.length) }
}

function optionally<T, U>(value: T | undefined, convert: (value: T) => U): U | undefined {
  return value === undefined ? undefined : convert(value)
}

/** Failures name the key that the caller gave. */
async function retold<T>({ prefix }: View, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!isNexusError(error) || error.path?.startsWith(prefix) !== true) throw error
    throw relocateError(error, { path: error.path.slice(prefix.length) })
  }
}
