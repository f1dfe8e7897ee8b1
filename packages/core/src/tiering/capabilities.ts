import type { Capabilities } from '../contract/backend.ts'

/**
 * What holds where files may lie in either of two storages. Conditions on a file that was moved are checked before they are acted upon, so they are
 * ordered among Nexus processes only. History, feeds and searches know the first storage alone: they would tell of moves as of deletions.
 */
export function tierCapabilities(hot: Capabilities): Capabilities {
  const conditional = hot.ifMatch !== false && hot.ifNoneMatch !== false
  return {
    ...hot,
    ifMatch: conditional ? 'cooperative' : false,
    ifNoneMatch: hot.ifNoneMatch === false ? false : 'cooperative',
    rename: hot.rename === false ? false : 'emulated',
    directoryRename: hot.rename === false ? false : 'emulated',
    copy: hot.copy === false ? false : 'emulated',
    batch: false,
    versions: false,
    snapshots: false,
    changes: false,
    search: false,
  }
}
