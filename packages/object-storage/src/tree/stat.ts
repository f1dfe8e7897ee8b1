import { type FileStat, NexusError, type Path, type StatOptions } from '@nexus/core/contract'
import type { ObjectInfo } from '../object-store.ts'
import type { TreeContext } from './context.ts'
import { checkVariants } from './capabilities.ts'
import { findFile, isDirectory } from './look-up.ts'

/** One request for a file, two for a directory. A key that is both is told as the file. */
export async function stat({ store, capabilities }: TreeContext, path: Path, options: StatOptions): Promise<FileStat> {
  checkVariants(capabilities, options)
  if (path === '/') return directoryStat(path)
  const info = await findFile(store, path, options)
  if (info !== undefined) return toFileStat(path, info)
  if (options.version === undefined && (await isDirectory(store, path, options))) return directoryStat(path)
  throw new NexusError('not_found')
}

/** A directory is nothing but its name. */
export function directoryStat(path: Path): FileStat {
  return { path, kind: 'directory', metadata: {} }
}

/** What is known of an object, as a stat of the caller's own. */
export function toFileStat(path: Path, { sizeBytes, etag, modifiedAt, contentType, version, metadata }: ObjectInfo): FileStat {
  return { path, kind: 'file', sizeBytes, etag, modifiedAt, contentType, version, metadata: { ...metadata } }
}
