import type { Backend } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { isWithin, type Path } from '../contract/paths.ts'

/** What the kernel tells of its mounts. */
interface MountTable {
  mounts(): readonly { readonly mountPoint: Path }[]
  mountInfo(path: Path): { readonly mountPoint: Path } | undefined
}

/** Whether a mount begins strictly below `path`. A backend without mounts has no borders. */
export function hasMountBelow(backend: Backend, path: Path): boolean {
  return hasMounts(backend) && backend.mounts().some(({ mountPoint }) => mountPoint !== path && isWithin(mountPoint, path))
}

/** Whether stepping from `parent` down to `child` enters another mount. */
export function crossesBorder(backend: Backend, parent: Path, child: Path): boolean {
  return hasMounts(backend) && backend.mountInfo(parent)?.mountPoint !== backend.mountInfo(child)?.mountPoint
}

/**
 * A walk that may not cross mounts and begins above all of them would silently find nothing.
 * @throws NexusError `invalid_argument` that says how to ask for it.
 */
export function refuseAboveMounts(backend: Backend, path: Path, op: string): void {
  if (!hasMounts(backend) || backend.mountInfo(path) !== undefined || !hasMountBelow(backend, path)) return
  const below = backend.mounts().filter(({ mountPoint }) => isWithin(mountPoint, path)).slice(0, 5).map(({ mountPoint }) => mountPoint).join(', ')
  throw new NexusError('invalid_argument', { op, path, reason: `It lies above the mounts (${below}); pass a path inside one of them, or crossMounts: true to go through all.` })
}

function hasMounts(backend: Backend): backend is Backend & MountTable {
  return 'mountInfo' in backend && typeof backend.mountInfo === 'function' && 'mounts' in backend && typeof backend.mounts === 'function'
}
