import { localBackend } from '@nexus/backend-local'
import { type Backend, metadataCache, mount, parsePath, type Path } from '@nexus/core'

/** A directory of this machine as if it lay far away: what is told of it is remembered in `state`. */
export async function openCachedDirectory({ data, state }: { readonly data: string; readonly state: string }): Promise<{ readonly backend: Backend; readonly at: (name: string) => Path }> {
  const fs = await mount({ uri: `local://${data}?layout=path`, at: '/d' }, { backends: { local: localBackend }, ephemeral: true })
  const backend = metadataCache({ directory: state })(Object.assign(fs.backend, { cacheScope: 'a directory' }))
  return { backend, at: (name) => parsePath(`/d/${name}`) }
}
