import { type FileStat, NexusError, type Path, rootPath, type StatOptions } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { statOf } from './file-stat.ts'
import { locate } from './locate.ts'

/** What is known of a file, a link (shown as a file, with its target) or a directory. A root that is not there yet is an empty directory. */
export function stat(context: PathContext, path: Path, options: StatOptions = {}): FileStat {
  refuseVersions(options)
  if (path === '/') return statRoot(context)
  const place = locate(context, path)
  try {
    const found = statOf(context, path, place.file)
    if (found === undefined) throw new NexusError('not_found')
    return found
  } finally {
    place.directory.close()
  }
}

/** @throws NexusError `unsupported` for a version or a snapshot, which a tree of files does not keep */
export function refuseVersions({ version, snapshot }: Pick<StatOptions, 'version' | 'snapshot'>): void {
  if (version === undefined && snapshot === undefined) return
  throw new NexusError('unsupported', { reason: 'A local tree with layout "path" keeps no versions and snapshots; a repository (layout "cas") does.' })
}

function statRoot(context: PathContext): FileStat {
  const root = context.root.hold()
  const found = root === undefined ? undefined : statOf(context, rootPath, root.self)
  return found ?? { path: rootPath, kind: 'directory', metadata: {} }
}
