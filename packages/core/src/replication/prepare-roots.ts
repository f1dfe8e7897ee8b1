import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { SyncRun } from './sync-run.ts'

/**
 * Looks at both directories, and makes the target.
 * @returns Whether the target is absent still, which it is in a dry run
 * @throws NexusError `not_found` for the source, `not_directory` for either
 */
export async function prepareRoots({ backend, from, to, options: { signal, dryRun }, tally }: SyncRun): Promise<boolean> {
  if ((await backend.stat(from, { signal, fresh: true })).kind === 'file') refuseFile(from)
  try {
    if ((await backend.stat(to, { signal, fresh: true })).kind === 'file') refuseFile(to)
    return false
  } catch (error) {
    if (!isNexusError(error, 'not_found')) throw error
  }
  if (!(backend.capabilitiesAt?.(to) ?? backend.capabilities).emptyDirectories) return true
  if (dryRun !== true) await backend.mkdir(to, { recursive: true, signal })
  tally.did({ type: 'mkdir', kind: 'directory', path: to })
  return dryRun === true
}

function refuseFile(path: Path): never {
  throw new NexusError('not_directory', { op: 'syncTree', path, reason: 'A sync keeps directories equal, and this is a file; copy it.' })
}
