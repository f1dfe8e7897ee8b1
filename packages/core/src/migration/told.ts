import { isNexusError, NexusError } from '../contract/errors.ts'
import { type Path, relativePath, underPath } from '../contract/paths.ts'

interface Telling {
  readonly mountPoint: Path
  /** Where both storages stand during the migration. */
  readonly roots: readonly Path[]
  readonly isSwitched: boolean
  readonly signal: AbortSignal
}

/** A failure for whoever migrates: with paths as the mount has them, and what became of the mount. An abort stays as it is. */
export function toldOfMigration(error: unknown, { mountPoint, roots, isSwitched, signal }: Telling): unknown {
  if (!isNexusError(error) || (signal.aborted && error === signal.reason)) return error
  const root = roots.find((one) => error.path === one || error.path?.startsWith(`${one}/`) === true)
  const path = root === undefined ? error.path : underPath(mountPoint, relativePath(error.path as Path, root))
  const reason = roots.reduce((text, one) => text.replaceAll(one, mountPoint === '/' ? '' : mountPoint), error.reason)
  const outcome = isSwitched ? 'The mount leads to the new storage.' : 'The mount leads where it led, and nothing there was changed.'
  const { code, backend, retryAfterMs, cause } = error
  return new NexusError(code, { op: 'migrate', path, backend, retryAfterMs, cause, reason: `${reason} ${outcome}` })
}
