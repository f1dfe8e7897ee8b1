import type { Backend, CallOptions, Path } from '@nexus/core/contract'
import { cacheScope } from '../cache-scope.ts'
import type { ObjectStore } from '../object-store.ts'
import { refuseAsTree } from '../refuse-place.ts'
import { type Activity, type Call, createActivity } from './activity.ts'
import { capabilitiesOf } from './capabilities.ts'
import type { TreeContext } from './context.ts'
import { copy, copyFrom } from './copy.ts'
import { deletePath } from './delete.ts'
import { toKey } from './keys.ts'
import { createKnownDirectories } from './known-directories.ts'
import { list } from './list.ts'
import { mkdir } from './mkdir.ts'
import { createNestedRepositories, refuseNested } from './nested.ts'
import { read } from './read.ts'
import { rename } from './rename.ts'
import { setMetadata } from './set-metadata.ts'
import { stat } from './stat.ts'
import { createTurns } from './turns.ts'
import { usage } from './usage.ts'
import { versions } from './versions.ts'
import { write } from './write.ts'

/** What {@link openObjectTree} may be given. */
export interface ObjectTreeOptions {
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
  /** How long a directory that was seen is believed to be one when a file is written into it, in milliseconds; default 60,000, 0 looks each time. */
  readonly freshnessMs?: number | undefined
  /** A longer body is stored in parts, several at once; in bytes, default 16 MiB. */
  readonly singlePutBytes?: number | undefined
}

/**
 * Objects as files under the names that they have: layout `path`. Directories are prefixes, and markers (`name/`, empty) where they are empty. Closing it
 * closes the store.
 */
export function openObjectTree(store: ObjectStore, options: ObjectTreeOptions = {}): Backend {
  const { now = Date.now, freshnessMs = 60_000, singlePutBytes = 16 * 1024 ** 2 } = options
  const capabilities = capabilitiesOf(store)
  const activity = createActivity(store.scheme)
  const seen = { known: createKnownDirectories({ freshnessMs, now }), nested: createNestedRepositories(store, { freshnessMs, now }) }
  const context: TreeContext = { store, capabilities, activity, singlePutBytes, ...seen, inTurn: createTurns() }
  let closing: Promise<void> | undefined
  return {
    scheme: store.scheme,
    capabilities,
    cacheScope: cacheScope(store, 'path'),
    ...fileVerbs(context),
    ...treeVerbs(context),
    ...(capabilities.versions ? { versions: (path, given) => versions(context, path, given) } : {}),
    ...presigning(context),
    ...(store.serviceHealth && { serviceHealth: store.serviceHealth.bind(store) }),
    ...elsewhere(context),
    close: () => (closing ??= activity.close().then(() => store.close())),
  }
}

/**
 * The same for a mount: the place is looked at first, and the store is closed where it is refused.
 * @throws NexusError `invalid_config` for a repository, and for a prefix inside one
 */
export async function mountObjectTree(store: ObjectStore, { now, signal }: CallOptions & Pick<ObjectTreeOptions, 'now'>): Promise<Backend> {
  try {
    await refuseAsTree(store, { signal })
  } catch (error) {
    await store.close()
    throw error
  }
  return openObjectTree(store, { now })
}

function fileVerbs(context: TreeContext): Pick<Backend, 'stat' | 'read' | 'write' | 'setMetadata'> {
  const run = guarded(context)
  return {
    stat: (path, options = {}) => run(at('stat', path, options), () => stat(context, path, options)),
    read: (path, options = {}) => run(at('read', path, options), () => read(context, path, options)),
    write: (path, body, options = {}) => context.activity.run(at('write', path, options), () => write(context, path, body, options)),
    setMetadata: (path, patch, options = {}) => run(at('setMetadata', path, options), () => setMetadata(context, path, patch, options)),
  }
}

function treeVerbs(context: TreeContext): Pick<Backend, 'list' | 'delete' | 'mkdir' | 'rename' | 'copy' | 'usage'> {
  const run = guarded(context)
  return {
    list: (path, options) => list(context, path, options),
    delete: (path, options = {}) => run(at('delete', path, options), () => deletePath(context, path, options)),
    mkdir: (path, options = {}) => run(at('mkdir', path, options), () => mkdir(context, path, options)),
    rename: (from, to, options = {}) => run({ ...at('rename', from, options), to }, () => rename(context, from, { ...options, to })),
    copy: (from, to, options = {}) => run({ ...at('copy', from, options), to }, () => copy(context, from, { ...options, to })),
    usage: (path, options = {}) => run(at('usage', path, options), () => usage(context, path, options)),
  }
}

/** Copies from and to other trees of the service. */
function elsewhere(context: TreeContext): Pick<Backend, 'storedAt' | 'copyFrom'> {
  const { activity, store } = context
  const storedAt = store.storedAt?.bind(store)
  return {
    ...(storedAt && { storedAt: (path) => storedAt(toKey(path)) }),
    ...(store.copyFrom && { copyFrom: (source, to, options = {}) => activity.run(at('copy', to, options), () => copyFrom(context, source, { ...options, to })) }),
  }
}

function presigning(context: TreeContext): Pick<Backend, 'presign'> {
  const presign = context.store.presign?.bind(context.store)
  if (presign === undefined) return {}
  return { presign: (path, options) => guarded(context)(at('presign', path, options), async () => presign(toKey(path), options)) }
}

/** Runs calls that name nothing inside a repository. */
function guarded({ activity, nested }: TreeContext): Activity['run'] {
  return (call, work) => activity.run(call, async () => {
    await refuseNested(nested, call.path, call)
    if (call.to !== undefined) await refuseNested(nested, call.to, call)
    return work()
  })
}

function at(op: string, path: Path, { signal }: CallOptions): Call {
  return { op, path, signal }
}
