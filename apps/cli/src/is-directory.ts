import { isNexusError, type Path } from '@nexus/core/contract'
import type { Session } from './session.ts'

/** Whether the target is a directory to move into; absent, it is a new name. */
export async function isDirectory({ fs }: Pick<Session, 'fs'>, path: Path, signal: AbortSignal): Promise<boolean> {
  try {
    return (await fs.stat(path, { signal })).kind === 'directory'
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')) return false
    throw error
  }
}
