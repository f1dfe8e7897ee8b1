import type { Backend, Capabilities } from '../contract/backend.ts'
import { NexusError, relocateError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'

const reasons = new WeakMap<Backend, NexusError>()

// Everything is promised, so that whoever asks hears why the mount is down, and not what it cannot do.
const everything: Capabilities = {
  fidelity: 'bytes',
  readonly: false,
  ifMatch: 'native',
  ifNoneMatch: 'native',
  ranges: true,
  append: true,
  metadata: true,
  emptyDirectories: true,
  rename: 'atomic',
  directoryRename: 'atomic',
  copy: 'server',
  batch: true,
  versions: true,
  snapshots: true,
  changes: 'resumable',
  search: true,
  presign: true,
}

/**
 * What stands in the place of a backend that could not be opened: every call fails with `unavailable` and the reason.
 * @param reason Sentence for people, or the error with which opening failed.
 */
export function unavailableBackend(scheme: string, reason: string | Error): Backend {
  const text = typeof reason === 'string' ? reason : `It could not be opened: ${reason.message}`
  const error = new NexusError('unavailable', { backend: scheme, reason: text, cause: typeof reason === 'string' ? undefined : reason })
  const refuse =
    (op: string) =>
    (path: Path): Promise<never> =>
      Promise.reject(relocateError(error, { op, path }))
  const refuseSteps =
    (op: string) =>
    (path: Path): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: () => refuse(op)(path) }) })
  const backend = {
    scheme,
    capabilities: everything,
    stat: refuse('stat'),
    read: refuse('read'),
    write: refuse('write'),
    delete: refuse('delete'),
    mkdir: refuse('mkdir'),
    setMetadata: refuse('setMetadata'),
    append: refuse('append'),
    rename: refuse('rename'),
    copy: refuse('copy'),
    batch: () => Promise.reject(relocateError(error, { op: 'batch' })),
    snapshot: refuse('snapshot'),
    deleteSnapshot: refuse('deleteSnapshot'),
    presign: refuse('presign'),
    usage: refuse('usage'),
    list: refuseSteps('list'),
    versions: refuseSteps('versions'),
    snapshots: refuseSteps('snapshots'),
    changes: refuseSteps('changes'),
    search: refuseSteps('search'),
    close: () => Promise.resolve(),
  } satisfies Record<Exclude<keyof Backend, 'capabilitiesAt' | 'cacheScope' | 'serviceHealth' | 'storedAt' | 'copyFrom'>, unknown>
  reasons.set(backend, error)
  return backend
}

/** Why a backend stands in for one that could not be opened; `undefined` for every other. */
export function unavailableReason(backend: Backend): string | undefined {
  return reasons.get(backend)?.reason
}
