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

/** An object at the end that is no source: core checks what is in it. */
function isOptions(value: unknown): value is core.MountOptions {
  return typeof value === 'object' && value !== null && !['uri', 'backend', 'backendType', 'mountPoint'].some((mark) => mark in value)
}
