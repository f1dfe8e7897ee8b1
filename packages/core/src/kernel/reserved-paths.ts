import { isWithin, type Path } from '../contract/paths.ts'

/** Paths that belong to the kernel, with everything below them. */
const reservedPaths: readonly Path[] = ['/__sys__' as Path, '/__pipes__' as Path]

/** Whether a path is the kernel's own. */
export function isReserved(path: Path): boolean {
  return reservedPaths.some((reserved) => isWithin(path, reserved))
}
