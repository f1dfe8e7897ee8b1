import { type Capabilities, NexusError } from '@nexus/core/contract'
import type { ObjectStore } from '../object-store.ts'

/** What a tree over this store can do. */
export function capabilitiesOf(store: ObjectStore): Capabilities {
  const { conditions, keepsVersions, maxSizeBytes } = store
  return {
    fidelity: 'bytes',
    layout: 'path',
    readonly: false,
    // The contract asks conditions of deletes too, and a delete that only looks before would lose what is written in between.
    ifMatch: conditions.match && store.deleteMatching !== undefined ? 'native' : false,
    ifNoneMatch: conditions.absent ? 'native' : false,
    ranges: true,
    append: false,
    metadata: true,
    emptyDirectories: true,
    rename: 'emulated',
    directoryRename: 'emulated',
    copy: 'server',
    batch: false,
    versions: keepsVersions && store.versions !== undefined,
    snapshots: false,
    changes: false,
    search: false,
    presign: store.presign !== undefined,
    maxSizeBytes,
  }
}

/** Variants that a call may ask for. */
interface Variants {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: '*' | undefined
  readonly version?: string | undefined
  readonly snapshot?: string | undefined
}

/** Refuses, before any request, what the store cannot do. @throws NexusError `unsupported` */
export function checkVariants(capabilities: Capabilities, { ifMatch, ifNoneMatch, version, snapshot }: Variants): void {
  if (ifMatch !== undefined && capabilities.ifMatch === false) refuse('The service does not write and delete under the condition ifMatch.')
  if (ifNoneMatch !== undefined && capabilities.ifNoneMatch === false) refuse('The service does not write under the condition ifNoneMatch.')
  if (version !== undefined && !capabilities.versions) refuse('The bucket keeps no versions; turn versioning on, then write.')
  if (snapshot !== undefined) refuse('A bucket of plain objects has no snapshots; a repository (layout=cas) has.')
}

function refuse(reason: string): never {
  throw new NexusError('unsupported', { reason })
}
