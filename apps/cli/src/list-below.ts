import type { Entry, KernelListOptions } from '@nexus/core'
import type { Path } from '@nexus/core/contract'
import type { Session } from './session.ts'

/** How a directory is listed. */
export interface ListBelowOptions {
  readonly recursive: boolean
  readonly snapshot?: string | undefined
  /** Default: only where the path lies in no mount itself. */
  readonly crossMounts?: boolean | undefined
  readonly signal: AbortSignal
}

/** Lists a directory; from above all mounts a recursive listing goes on inside them. */
export async function* listBelow({ fs }: Session, path: Path, { crossMounts, ...options }: ListBelowOptions): AsyncGenerator<Entry> {
  const given: KernelListOptions = { ...options, crossMounts: crossMounts ?? (await isAboveMounts(fs, path)) }
  yield* fs.backend.list(path, given)
}

/** Whether no mount answers at the path itself. */
export async function isAboveMounts(fs: Session['fs'], path: Path): Promise<boolean> {
  return (await fs.getMountInfo(path)) === undefined
}
