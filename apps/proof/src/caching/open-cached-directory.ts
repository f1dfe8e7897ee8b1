import { localBackend } from '@nexus/backend-local'
import { type Backend, contentCache, metadataCache, mount, parsePath, type Path } from '@nexus/core'

interface CachedPlace {
  readonly data: string
  readonly state: string
  /** What is remembered; default stats and listings. */
  readonly remembers?: 'metadata' | 'contents' | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
}

/** A directory of this machine as if it lay far away: what is told of it is remembered in `state`. */
export async function openCachedDirectory({ data, state, remembers = 'metadata', now }: CachedPlace): Promise<{ readonly backend: Backend; readonly at: (name: string) => Path }> {
  const fs = await mount({ uri: `local://${data}?layout=path`, at: '/d' }, { backends: { local: localBackend }, ephemeral: true })
  const layer = remembers === 'metadata' ? metadataCache({ directory: state, now }) : contentCache({ directory: state, now })
  return { backend: layer(Object.assign(fs.backend, { cacheScope: 'a directory' })), at: (name) => parsePath(`/d/${name}`) }
}
