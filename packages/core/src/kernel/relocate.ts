import type { CallOptions } from '../contract/backend.ts'
import { isNexusError, NexusError, relocateError } from '../contract/errors.ts'
import { type Path, underPath } from '../contract/paths.ts'
import type { Mounted } from './mounted.ts'
import type { Place } from './place.ts'

/** What a backend said, with the path as the kernel's caller knows it. */
export function toldIn<T extends { readonly path: Path }>(mount: Mounted, told: T): T {
  return mount.mountPoint === '/' ? told : { ...told, path: underPath(mount.mountPoint, told.path) }
}

/** A backend's failure for the kernel's caller: an abort as it is, a NexusError with the caller's path, anything else `unexpected`. */
export function toldAt(error: unknown, place: Place, options: CallOptions | undefined): unknown {
  if (options?.signal?.aborted === true && error === options.signal.reason) return error
  const { op, path, mount } = place
  const backend = mount.backend.scheme
  if (isNexusError(error)) return relocateError(error, { op, path: callersPath(error, place), backend: error.backend ?? backend })
  const reason = `${mount.label} failed in a way that its contract does not know: ${error instanceof Error ? error.message : String(error)}`
  return new NexusError('unexpected', { op, path, backend, reason, cause: error })
}

function callersPath({ path: told }: NexusError, { path, inner, mount }: Place): string {
  if (told === undefined || told === inner || !told.startsWith('/')) return path
  return underPath(mount.mountPoint, told as Path)
}
