import type { Backend, BatchOperation, CallOptions, Layer } from '../contract/backend.ts'
import { isNexusError, relocateError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { type BackendTable, presentMembers } from '../layers/present-members.ts'
import { tierCapabilities } from './capabilities.ts'
import { append, setMetadata } from './tiered-change.ts'
import { deletePath } from './tiered-delete.ts'
import { listBoth } from './tiered-list.ts'
import { copy, copyFrom, rename } from './tiered-move.ts'
import { presign, read, stat, usage } from './tiered-read.ts'
import { mkdir, write } from './tiered-write.ts'
import { concernsTier, hotCapabilities, refuse, type Tier } from './tier.ts'

/**
 * Shows a directory's files where they were, although the bytes of some lie in other storage. Built from the whole contract: a member added to it
 * does not compile until somebody decides here.
 * @param toTier Given the storage below, what the redirect needs besides.
 */
export const tiered =
  (toTier: (hot: Backend) => Tier): Layer =>
  (hot) => {
    const tier = toTier(hot)
    const at = atPath(tier)
    return presentMembers({
      scheme: hot.scheme,
      get capabilities() {
        return tierCapabilities(hot.capabilities)
      },
      capabilitiesAt: at(
        (path) => tierCapabilities(hotCapabilities(tier, path)),
        (path) => hotCapabilities(tier, path),
      ),
      // What is remembered of one storage is not what the two of them hold.
      cacheScope: undefined,
      serviceHealth: hot.serviceHealth?.bind(hot),
      // Nobody can tell without asking in which storage a file lies.
      storedAt: undefined,
      stat: at((path, options) => told({ op: 'stat', path, options }, () => stat(tier, path, options)), hot.stat.bind(hot)),
      read: at((path, options) => told({ op: 'read', path, options }, () => read(tier, path, options)), hot.read.bind(hot)),
      list: at((path, options) => listBoth(tier, path, options), hot.list.bind(hot)),
      ...ofFiles(tier),
      ...ofOneStorage(tier),
      close: () => hot.close(),
    } satisfies BackendTable)
  }

type OfFiles = 'write' | 'delete' | 'mkdir' | 'setMetadata' | 'append' | 'rename' | 'copy' | 'copyFrom' | 'presign' | 'usage'

/** What changes files, or counts them, in whichever storage they lie. */
function ofFiles(tier: Tier): Pick<BackendTable, OfFiles> {
  const { hot } = tier
  const at = atPath(tier)
  return {
    write: at((path, body, options = {}) => told({ op: 'write', path, options }, () => write(tier, path, { body, options })), hot.write.bind(hot)),
    delete: at((path, options) => told({ op: 'delete', path, options }, () => deletePath(tier, path, options)), hot.delete.bind(hot)),
    mkdir: at((path, options) => told({ op: 'mkdir', path, options }, () => mkdir(tier, path, options)), hot.mkdir.bind(hot)),
    setMetadata:
      hot.setMetadata &&
      at((path, patch, options = {}) => told({ op: 'setMetadata', path, options }, () => setMetadata(tier, path, { patch, options })), hot.setMetadata.bind(hot)),
    append: hot.append && at((path, body, options = {}) => told({ op: 'append', path, options }, () => append(tier, path, { body, options })), hot.append.bind(hot)),
    rename: hot.rename && between(tier, (from, to, options) => told({ op: 'rename', options }, () => rename(tier, from, { to, options })), hot.rename.bind(hot)),
    copy: hot.copy && between(tier, (from, to, options) => told({ op: 'copy', options }, () => copy(tier, from, { to, options })), hot.copy.bind(hot)),
    copyFrom:
      hot.copyFrom &&
      ((source, to, options) =>
        concernsTier(tier, to) ? told({ op: 'copy', path: to, options }, () => copyFrom(tier, source, { to, options })) : hot.copyFrom?.(source, to, options) ?? Promise.resolve(undefined)),
    presign: hot.presign && at((path, options) => told({ op: 'presign', path, options }, () => presign(tier, path, options)), hot.presign.bind(hot)),
    usage: hot.usage && at((path, options) => told({ op: 'usage', path, options }, () => usage(tier, path, options)), hot.usage.bind(hot)),
  }
}

type OfOneStorage = 'batch' | 'versions' | 'snapshot' | 'snapshots' | 'deleteSnapshot' | 'changes' | 'search'

/** What knows the first storage alone, and so is refused wherever files may lie in the other one. */
function ofOneStorage(tier: Tier): Pick<BackendTable, OfOneStorage> {
  const { hot } = tier
  const at = atPath(tier)
  const batch = hot.batch?.bind(hot)
  return {
    batch:
      batch &&
      (async (operations, options) => {
        const path = operations.flatMap(pathsOf).find((one) => concernsTier(tier, one))
        return path === undefined ? batch(operations, options) : refuseHere('batch', path)
      }),
    versions: hot.versions && at((path) => refuseSteps('versions', path), hot.versions.bind(hot)),
    snapshot: hot.snapshot && at((path, _name) => refuseLater('snapshot', path), hot.snapshot.bind(hot)),
    snapshots: hot.snapshots && at((path) => refuseSteps('snapshots', path), hot.snapshots.bind(hot)),
    deleteSnapshot: hot.deleteSnapshot && at((path, _name) => refuseLater('deleteSnapshot', path), hot.deleteSnapshot.bind(hot)),
    changes: hot.changes && at((path) => refuseSteps('changes', path), hot.changes.bind(hot)),
    search: hot.search && at((path, _query) => refuseSteps('search', path), hot.search.bind(hot)),
  }
}

/** Calls about a path go to the redirect where it has a say, and straight to the first storage elsewhere. */
function atPath(tier: Tier) {
  return <A extends readonly [path: Path, ...rest: never[]], R>(own: (...args: A) => R, passed: (...args: A) => R) =>
    (...args: A): R => (concernsTier(tier, args[0]) ? own(...args) : passed(...args))
}

/** The same for calls about two paths. */
function between<A extends readonly [from: Path, to: Path, ...rest: never[]], R>(tier: Tier, own: (...args: A) => R, passed: (...args: A) => R): (...args: A) => R {
  return (...args) => (concernsTier(tier, args[0]) || concernsTier(tier, args[1]) ? own(...args) : passed(...args))
}

function pathsOf(operation: BatchOperation): Path[] {
  return 'from' in operation ? [operation.from, operation.to] : [operation.path]
}

/** A call as its caller made it; the path only where there is one. */
interface Call {
  readonly op: string
  readonly path?: Path | undefined
  readonly options: CallOptions | undefined
}

/** A failure of a step is one of the verb that was asked for. */
async function told<T>({ options, ...place }: Call, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const isAbort = options?.signal?.aborted === true && error === options.signal.reason
    throw isNexusError(error) && !isAbort ? relocateError(error, place) : error
  }
}

function refuseHere(op: string, path: Path): never {
  return refuse('unsupported', { op, path }, 'Files here may lie in other storage by a tier rule, of which this would know nothing.')
}

async function refuseLater(op: string, path: Path): Promise<never> {
  return await Promise.resolve().then(() => refuseHere(op, path))
}

function refuseSteps(op: string, path: Path): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => refuseLater(op, path) }) }
}
