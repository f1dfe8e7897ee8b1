import type { Backend, CallOptions, Entry } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { crossesBorder, hasMountBelow, refuseAboveMounts } from './mount-borders.ts'

/** Which part of what lies below a directory a walk is after; `all` lets one recursive listing serve. */
export type Wanted = 'none' | 'some' | 'all'

/** How far a walk goes; `op` is the verb it is done for. */
export interface WalkOptions extends CallOptions {
  readonly op: string
  readonly crossMounts?: boolean | undefined
  /** Bypasses every cache between here and the storage. */
  readonly fresh?: boolean | undefined
  /** What is wanted below the root. Default `all`. */
  readonly wanted?: Wanted | undefined
  /** Asked for each directory unless `all` is wanted above it: `none` leaves it out. */
  readonly wantedBelow?: ((directory: Entry) => Wanted) | undefined
}

/**
 * Everything below a directory in full-key order. Other mounts below are shown, and entered only when asked.
 * @throws NexusError `invalid_argument` when the walk begins above all mounts and may not cross into them.
 */
export async function* walk(backend: Backend, root: Path, options: WalkOptions): AsyncGenerator<Entry> {
  const { signal, fresh, crossMounts = false, wanted = 'all', wantedBelow } = options
  // A backend's recursive listing stays within its mount: where mounts lie below, their borders have to be seen.
  const atOnce = wanted === 'all' && !hasMountBelow(backend, root)
  for await (const entry of backend.list(root, { signal, fresh, recursive: atOnce })) {
    yield entry
    signal?.throwIfAborted()
    if (atOnce || entry.kind === 'file') continue
    const below = wanted === 'all' ? 'all' : (wantedBelow?.(entry) ?? 'all')
    if (below === 'none') continue
    if (crossMounts || !crossesBorder(backend, root, entry.path)) yield* walkBelow(backend, entry.path, { ...options, wanted: below })
    else refuseAboveMounts(backend, root, options.op)
  }
}

/** A directory that vanished since it was listed is no failure. */
async function* walkBelow(backend: Backend, directory: Path, options: WalkOptions): AsyncGenerator<Entry> {
  try {
    yield* walk(backend, directory, options)
  } catch (error) {
    if (!isNexusError(error, 'not_found')) throw error
  }
}
