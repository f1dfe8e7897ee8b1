import type { BackendDefinition } from '@nexus/core/contract'
import { type LocalConfig, localFromUri, parseLocalConfig } from './config.ts'
import { detectLayout } from './path/detect-layout.ts'
import { openLocalPath } from './path/open-local-path.ts'
import { refuseRoot, toRealPath } from './path/refuse-root.ts'

/** The local disk, scheme `local`: `local://./data`, `local:///srv/data`. */
export const localBackend: BackendDefinition<LocalConfig> = {
  scheme: 'local',
  contract: 1,
  fromUri: localFromUri,
  parseConfig: parseLocalConfig,
  open: openLocalPath,
  // SQLite, which orders the writers of a repository, is loaded with the first one.
  openStore: async ({ dataDir }, { now, privateDirectories }) => {
    refuseRoot(toRealPath(dataDir), { layout: 'cas', privateDirectories })
    const { openLocalStore } = await import('./store/open.ts')
    return openLocalStore({ root: dataDir, environment: { now } })
  },
  detectLayout,
}
