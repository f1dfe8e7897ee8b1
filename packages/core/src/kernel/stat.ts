import type { Backend, FileStat, StatOptions } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { checkVariants } from './check-options.ts'
import { findNode, isAboveMounts, type KernelContext, perform, type Place, placeAt } from './place.ts'
import { toldIn } from './relocate.ts'

/** Stat of what a mount keeps, or of a directory that stands above mount points. */
export async function stat(context: KernelContext, path: Path, options?: StatOptions): Promise<FileStat> {
  const call = { op: 'stat', path }
  const node = findNode(context, call, options)
  if (isAboveMounts(node, path)) return node.winner === undefined ? synthesised(path) : statAbove(placeAt(node, call), options)
  if (node === context.table.root && node.winner === undefined && path === '/') return synthesised(path)
  const place = placeAt(node, call)
  if (options !== undefined) checkVariants(place, options)
  return statAt(place, options)
}

/** Stat on the place's own mount. */
export async function statAt(place: Place, options?: StatOptions): Promise<FileStat> {
  return toldIn(place.mount, await perform(place, options, runStat))
}

const runStat = (backend: Backend, inner: Path, options: StatOptions): Promise<FileStat> => backend.stat(inner, options)

/** What the mount above keeps there when it is a directory; else the directory that the mounts below need. */
async function statAbove(place: Place, options: StatOptions | undefined): Promise<FileStat> {
  try {
    const kept = await statAt(place, options)
    return kept.kind === 'directory' ? kept : synthesised(place.path)
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')) return synthesised(place.path)
    throw error
  }
}

function synthesised(path: Path): FileStat {
  return { path, kind: 'directory', metadata: {} }
}
