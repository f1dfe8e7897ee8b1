import type { Backend, FileStat, StatOptions } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'

/** What is there; `undefined` where nothing is. Other failures stay failures. */
export async function find(backend: Pick<Backend, 'stat'>, path: Path, options: StatOptions | undefined): Promise<FileStat | undefined> {
  try {
    return await backend.stat(path, options)
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}
