import * as core from '@nexus/core'

const local = { local: () => import('@nexus/backend-local') }

/** `mount()` of `@nexus/core` with the scheme `local` included: `mount('local://./data')` needs no further package. */
export async function mount(...args: core.MountArguments): Promise<core.MountedNexusFS> {
  const last: unknown = args.at(-1)
  if (!isOptions(last)) return await core.mount(...(args as readonly core.MountSource[]), { backends: local })
  return await core.mount(...(args.slice(0, -1) as readonly core.MountSource[]), { ...last, backends: { ...local, ...last.backends } })
}

/** `connect()` of `@nexus/core` with the scheme `local` included. */
export async function connect(config?: core.ConnectConfig, options: core.ConnectOptions = {}): Promise<core.NexusFS> {
  return await core.connect(config, { ...options, backends: { ...local, ...options.backends } })
}

/** `mountSync()` of `@nexus/core` with the scheme `local` included. */
export function mountSync(...args: readonly core.SyncMountSource[] | readonly [...sources: core.SyncMountSource[], options: core.SyncMountOptions]): core.SyncNexusFS {
  const last: unknown = args.at(-1)
  const sources = (isSyncOptions(last) ? args.slice(0, -1) : args) as readonly core.SyncMountSource[]
  return core.mountSync(...sources, withSyncLocal(isSyncOptions(last) ? last : {}))
}

/** `connectSync()` of `@nexus/core` with the scheme `local` included. */
export function connectSync(config?: core.ConnectConfig, options: core.SyncConnectOptions = {}): core.SyncConnectedNexusFS {
  return core.connectSync(config, withSyncLocal(options))
}

/** `inspectStorage()` of `@nexus/core` with the scheme `local` included. */
export async function inspectStorage(source: string | core.UriSource, options: core.InspectOptions = {}): Promise<core.InspectedStorage> {
  return await core.inspectStorage(source, { ...options, backends: { ...local, ...options.backends } })
}

/** `diagnoseStorage()` of `@nexus/core` with the scheme `local` included. */
export async function diagnoseStorage(source: string | core.UriSource, options: core.InspectOptions = {}): Promise<core.Diagnosis | undefined> {
  return await core.diagnoseStorage(source, { ...options, backends: { ...local, ...options.backends } })
}

/** The module is named by its address, because another thread imports it. */
function withSyncLocal<T extends core.SyncMountOptions | core.SyncConnectOptions>(options: T): T {
  return { ...options, backends: { local: import.meta.resolve('@nexus/backend-local'), ...options.backends } }
}

function isSyncOptions(value: unknown): value is core.SyncMountOptions {
  return isOptions(value)
}

/** An object at the end that is no source: core checks what is in it. */
function isOptions(value: unknown): value is core.MountOptions {
  return typeof value === 'object' && value !== null && !['uri', 'backend', 'backendType', 'mountPoint'].some((mark) => mark in value)
}
