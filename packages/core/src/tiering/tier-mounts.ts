import { isWithin, type Path } from '../contract/paths.ts'

/** Where something is mounted, as far as it decides who answers at a path. */
export interface MountPlace {
  readonly mountPoint: Path
  readonly priority?: number | undefined
}

/** The mount that answers at a path: the highest priority, then the longest way. */
export function holderOf<M extends MountPlace>(path: Path, all: readonly M[]): M | undefined {
  const above = all.filter(({ mountPoint }) => isWithin(path, mountPoint))
  return above.toSorted((one, other) => (other.priority ?? 0) - (one.priority ?? 0) || other.mountPoint.length - one.mountPoint.length)[0]
}
