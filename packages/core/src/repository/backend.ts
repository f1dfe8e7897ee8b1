import type { Backend, Capabilities } from '../contract/backend.ts'
import { changes } from './changes.ts'
import type { Engine } from './engine.ts'
import { list } from './list.ts'
import type { RepositoryBackend } from './open-repository.ts'
import { read, stat } from './read.ts'
import { deleteSnapshot, snapshot, snapshots } from './snapshots.ts'
import { usage } from './usage.ts'
import { versions } from './versions.ts'
import { append, batch, copy, mkdir, remove, rename, setMetadata, write } from './write.ts'

/** Puts the contract's verbs on an engine. */
export function createRepositoryBackend(repository: Engine): RepositoryBackend {
  const backend: Backend = {
    scheme: 'nexus',
    capabilities: capabilitiesOf(repository),
    stat: (path, options) => stat(repository, path, options),
    read: (path, options) => read(repository, path, options),
    write: (path, body, options) => write(repository, path, { body, options }),
    delete: (path, options) => remove(repository, path, options),
    list: (path, options) => list(repository, path, options),
    mkdir: (path, options) => mkdir(repository, path, options),
    setMetadata: (path, patch, options) => setMetadata(repository, path, { patch, options }),
    append: (path, body, options) => append(repository, path, { body, options }),
    rename: (from, to, options) => rename(repository, from, { to, options }),
    copy: (from, to, options) => copy(repository, from, { to, options }),
    batch: (operations, options) => batch(repository, operations, options),
    versions: (path, options) => versions(repository, path, options),
    snapshot: (path, name, options) => snapshot(repository, path, { ...options, name }),
    snapshots: (path, options) => snapshots(repository, path, options),
    deleteSnapshot: (path, name, options) => deleteSnapshot(repository, path, { ...options, name }),
    changes: (path, options) => changes(repository, path, options),
    usage: (path, options) => usage(repository, path, options),
    close: () => repository.close(),
  }
  return { ...backend, repository }
}

function capabilitiesOf({ readonly, readonlyReason }: Engine): Capabilities {
  return {
    fidelity: 'bytes',
    layout: 'cas',
    readonly,
    ...(readonlyReason === undefined ? {} : { readonlyReason }),
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
    search: false,
    presign: false,
  }
}
