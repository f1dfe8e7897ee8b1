import type { Backend, Capabilities, Layer, PresignOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { type BackendTable, presentMembers } from './present-members.ts'

/**
 * Refuses everything that changes the storage with `read_only`, before any I/O. Built from the whole contract: a member added to it does
 * not compile until somebody decides here.
 */
export const readonly = (): Layer => (inner) =>
  presentMembers({
    scheme: inner.scheme,
    get capabilities() {
      return withoutChanges(inner.capabilities)
    },
    capabilitiesAt: inner.capabilitiesAt && ((path) => withoutChanges(inner.capabilitiesAt?.(path) ?? inner.capabilities)),
    cacheScope: inner.cacheScope,
    serviceHealth: inner.serviceHealth?.bind(inner),
    storedAt: inner.storedAt?.bind(inner),
    stat: (path, options) => inner.stat(path, options),
    read: (path, options) => inner.read(path, options),
    list: (path, options) => inner.list(path, options),
    versions: inner.versions?.bind(inner),
    snapshots: inner.snapshots?.bind(inner),
    changes: inner.changes?.bind(inner),
    search: inner.search?.bind(inner),
    usage: inner.usage?.bind(inner),
    presign: inner.presign && ((path, options) => presignReading(inner, path, options)),
    write: (path) => refuse(inner, 'write', path),
    delete: (path) => refuse(inner, 'delete', path),
    mkdir: (path) => refuse(inner, 'mkdir', path),
    setMetadata: inner.setMetadata && ((path) => refuse(inner, 'setMetadata', path)),
    append: inner.append && ((path) => refuse(inner, 'append', path)),
    rename: inner.rename && ((from) => refuse(inner, 'rename', from)),
    copy: inner.copy && ((_from, to) => refuse(inner, 'copy', to)),
    copyFrom: inner.copyFrom && ((_source, to) => refuse(inner, 'copy', to)),
    batch: inner.batch && (() => refuse(inner, 'batch')),
    snapshot: inner.snapshot && ((path) => refuse(inner, 'snapshot', path)),
    deleteSnapshot: inner.deleteSnapshot && ((path) => refuse(inner, 'deleteSnapshot', path)),
    close: () => inner.close(),
  } satisfies BackendTable)

/** What a backend can do when nothing may change it. */
function withoutChanges(capabilities: Capabilities): Capabilities {
  return { ...capabilities, readonly: true }
}

function refuse(inner: Backend, op: string, path?: Path): Promise<never> {
  return Promise.reject(new NexusError('read_only', { op, path, backend: inner.scheme }))
}

function presignReading(inner: Backend, path: Path, options: PresignOptions): Promise<URL> {
  return options.method === 'GET' && inner.presign !== undefined ? inner.presign(path, options) : refuse(inner, 'presign', path)
}
