import { type CallOptions, NexusError, type Path } from '@nexus/core/contract'
import type { ObjectInfo, ObjectStore } from '../object-store.ts'
import { isMarker, toKey } from './keys.ts'

interface LookUpOptions extends CallOptions {
  readonly version?: string | undefined
}

/** The object that is the file of this path; a directory's marker is none. One request. */
export async function findFile(store: ObjectStore, path: Path, { signal, version }: LookUpOptions): Promise<ObjectInfo | undefined> {
  const key = toKey(path)
  // No object has the empty key, which the path of an empty name below the root stands for.
  const info = key === '' ? undefined : await store.head(key, { signal, version })
  return info === undefined || isMarker(info) ? undefined : info
}

/** Whether any object is below this prefix, the directory's own marker included. One request. */
export async function holdsAny(store: ObjectStore, prefix: string, { signal }: CallOptions): Promise<boolean> {
  for await (const { objects } of store.list({ prefix, pageSize: 1, signal })) if (objects.length > 0) return true
  return false
}

/** Whether a directory stands at this path. */
export async function isDirectory(store: ObjectStore, path: Path, options: CallOptions): Promise<boolean> {
  return path === '/' || (await holdsAny(store, `${toKey(path)}/`, options))
}

/** Why there is no file. @throws NexusError `is_directory`, `not_found` */
export async function refuseAbsentFile(store: ObjectStore, path: Path, options: CallOptions): Promise<never> {
  await refuseDirectory(store, path, options)
  throw new NexusError('not_found')
}

/** @throws NexusError `is_directory` */
export async function refuseDirectory(store: ObjectStore, path: Path, options: CallOptions): Promise<void> {
  if (await isDirectory(store, path, options)) throw new NexusError('is_directory')
}
