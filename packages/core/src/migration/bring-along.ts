import { type Path, rootPath } from '../contract/paths.ts'
import { followChanges } from '../replication/follow-changes.ts'
import type { SyncFailure, SyncResult } from '../replication/sync-options.ts'
import type { SyncPair } from '../replication/sync-run.ts'
import { syncPart } from '../replication/sync-tree.ts'
import { type ErrorCode, NexusError } from '../contract/errors.ts'
import { createTouchedPaths } from '../replication/touched-paths.ts'
import { createWake } from '../replication/wake.ts'

/** So much is left for the pass during which changes wait. */
const fewFiles = 32
const restMs = 60_000

/** What passes have copied. */
export interface Brought {
  readonly files: number
  readonly bytes: number
}

/**
 * Brings everything along, and then what was changed meanwhile, until a round finds little: by what the storage tells of changes, or by going through all again.
 * @throws NexusError the failure of a file that no later round would cure
 */
export async function bringAlong(pair: SyncPair, signal: AbortSignal): Promise<Brought> {
  const { backend, from } = pair
  const hasFeed = (backend.capabilitiesAt?.(from) ?? backend.capabilities).changes !== false
  const stop = new AbortController()
  const ownSignal = AbortSignal.any([signal, stop.signal])
  const own: SyncPair = { ...pair, options: { ...pair.options, signal: ownSignal } }
  const touched = createTouchedPaths()
  const followed = hasFeed ? followChanges({ pair: own, touched, wake: createWake(), signal: ownSignal, intervalMs: restMs }).catch((error: unknown) => stop.abort(error)) : undefined
  const brought = { files: 0, bytes: 0 }
  try {
    let parts: readonly Path[] = [rootPath]
    for (let before = Infinity; ; ) {
      const { files, bytes, deleted } = await bringParts(own, parts)
      brought.files += files
      brought.bytes += bytes
      // Who changes files as fast as they are copied is not caught up with.
      if (files + deleted <= fewFiles || files + deleted > before / 2) return brought
      before = files + deleted
      parts = hasFeed ? touched.take() : [rootPath]
    }
  } finally {
    stop.abort()
    await followed
  }
}

async function bringParts(pair: SyncPair, parts: readonly Path[]): Promise<Pick<SyncResult, 'files' | 'bytes' | 'deleted'>> {
  const sum = { files: 0, bytes: 0, deleted: 0 }
  for (const part of parts) {
    const { files, bytes, deleted, failures } = await syncPart(pair, part)
    throwFirst(failures.filter(({ code }) => !passing.has(code)))
    sum.files += files
    sum.bytes += bytes
    sum.deleted += deleted
  }
  return sum
}

/** What comes of changes meanwhile, and is looked at again. */
const passing: ReadonlySet<ErrorCode> = new Set(['precondition_failed', 'busy', 'not_found', 'is_directory', 'not_directory', 'not_empty'])

/** The last pass, while nothing changes. @throws NexusError for the first file that failed */
export async function bringRest(pair: SyncPair): Promise<Brought> {
  const { files, bytes, failures } = await syncPart(pair, rootPath)
  throwFirst(failures)
  return { files, bytes }
}

function throwFirst([first]: readonly SyncFailure[]): void {
  if (first !== undefined) throw new NexusError(first.code, { op: 'migrate', path: first.path, reason: first.reason })
}
