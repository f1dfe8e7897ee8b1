import type { Backend } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { isWithin, type Path, relativePath } from '../contract/paths.ts'
import { type MountSpec, parseUri } from '../contract/uri.ts'

/** What the kernel tells of the mount that answers at a path. */
interface MountTable {
  mountInfo(path: Path): { readonly mountPoint: Path; readonly uri?: string | undefined } | undefined
}

/**
 * A tree that is brought into itself grows without end, or deletes what it is made from.
 * @throws NexusError `invalid_argument` when one of the places lies in the other, also where two mounts lead to one storage
 */
export function refuseOverlap(backend: Backend, from: Path, { to, op }: { readonly to: Path; readonly op: string }): void {
  const refuse = (): never => {
    throw new NexusError('invalid_argument', { op, path: to, reason: 'One of the two places lies in the other; a sync needs two apart.' })
  }
  if (isWithin(from, to) || isWithin(to, from)) refuse()
  const [source, target] = [storagePlace(backend, from), storagePlace(backend, to)]
  if (source !== undefined && target !== undefined && (isWithin(source, target) || isWithin(target, source))) refuse()
}

/** Names the storage and the place in it, as far as the mount's URI tells. */
function storagePlace(backend: Backend, path: Path): Path | undefined {
  const info = hasMounts(backend) ? backend.mountInfo(path) : undefined
  const spec = info?.uri === undefined ? undefined : readUri(info.uri)
  if (info === undefined || spec === undefined) return undefined
  return ['', spec.scheme, spec.authority, spec.path, relativePath(path, info.mountPoint)].join('/').replace(/\/{2,}/g, '/').replace(/\/$/, '') as Path
}

/** A backend may be mounted under any name; one that is no URI tells nothing. */
function readUri(uri: string): MountSpec | undefined {
  try {
    return parseUri(uri)
  } catch (error) {
    if (isNexusError(error)) return undefined
    throw error
  }
}

function hasMounts(backend: Backend): backend is Backend & MountTable {
  return 'mountInfo' in backend && typeof backend.mountInfo === 'function'
}
