import type { Capabilities, Entry } from '../contract/backend.ts'
import { isNexusError, type NexusError } from '../contract/errors.ts'
import { baseName, type Path, rootPath } from '../contract/paths.ts'
import type { KernelCopyOptions } from '../kernel/move-options.ts'
import { followChanges } from '../replication/follow-changes.ts'
import { takenItems } from '../replication/items.ts'
import { isOneFileFailure } from '../replication/one-file-failure.ts'
import { sourceSide, type SyncPair, type SyncRun, targetPath } from '../replication/sync-run.ts'
import { createTally } from '../replication/tally.ts'
import { createTouchedPaths, type TouchedPaths } from '../replication/touched-paths.ts'
import { createWake } from '../replication/wake.ts'
import type { MigrateProgress } from './migrate-options.ts'
import type { MigrationRecord } from './migration-record.ts'

/** How the old storage is followed. */
export interface Following {
  readonly record: MigrationRecord
  readonly signal: AbortSignal
  readonly onProgress: (progress: MigrateProgress) => void
  readonly onRetry: (error: NexusError) => void
}

const intervalMs = 10_000

/**
 * Brings along what is still written to the storage that was migrated, until the signal aborts. Deletes nothing, and leaves a file alone that was changed at its new place
 * later than at the old one. @returns Never; rejects with the signal's reason
 */
export async function followOld(pair: SyncPair, following: Following): Promise<never> {
  const { signal, onRetry } = following
  const stop = new AbortController()
  const ownSignal = AbortSignal.any([signal, stop.signal])
  const [touched, wake] = [createTouchedPaths(), createWake()]
  const own: SyncPair = { ...pair, options: { ...pair.options, signal: ownSignal } }
  const followed = followChanges({ pair: own, touched, wake, signal: ownSignal, intervalMs }).catch((error: unknown) => stop.abort(error))
  try {
    for (let parts: readonly Path[] = [rootPath]; ; parts = touched.take()) {
      for (const part of parts) {
        try {
          await bringNewer({ ...own, part, tally: createTally({}) }, { ...following, touched, signal: ownSignal })
        } catch (error) {
          ownSignal.throwIfAborted()
          if (!isNexusError(error)) throw error
          onRetry(error)
          touched.add(part)
        }
      }
      await wake.wait(touched.isEmpty ? Infinity : intervalMs, ownSignal)
    }
  } finally {
    stop.abort()
    await followed
  }
}

async function bringNewer(run: SyncRun, following: Following & { readonly touched: TouchedPaths }): Promise<void> {
  const { record, signal, touched, onProgress, onRetry } = following
  for await (const item of takenItems(sourceSide(run))) {
    const { entry } = item
    if (entry.kind === 'directory' || entry.metadata?.['symlink'] !== undefined || record.knows(entry)) continue
    const newer = { source: entry, to: targetPath(run, item), record, signal }
    try {
      const condition = await conditionOf(run, newer)
      if (condition === undefined) continue
      await bring(run, newer, condition)
      onProgress({ phase: 'following', files: 1, bytes: entry.sizeBytes ?? 0 })
    } catch (error) {
      if (!isOneFileFailure(error)) throw error
      onRetry(error)
      touched.add(`/${item.key}` as Path)
    }
  }
}

/** A file of the old storage in a state that was not copied yet. */
interface Newer {
  readonly source: Entry
  readonly to: Path
  readonly record: MigrationRecord
  readonly signal: AbortSignal
}

/** @returns In which state of its new place the file goes there, as far as the storage checks that; `undefined` where it does not */
async function conditionOf({ backend }: SyncRun, { source, to, record, signal }: Newer): Promise<KernelCopyOptions | undefined> {
  const { ifMatch, ifNoneMatch } = capabilitiesAt(backend, to)
  try {
    const target = await backend.stat(to, { fresh: true, signal })
    if (target.kind === 'directory') return undefined
    const isNewer = source.modifiedAt !== undefined && target.modifiedAt !== undefined && source.modifiedAt > target.modifiedAt
    return isNewer || record.isUntouched({ ...target, name: baseName(to) }) ? { ifTargetMatch: ifMatch === false ? undefined : target.etag } : undefined
  } catch (error) {
    if (isNexusError(error, 'not_found')) return { ifNoneMatch: ifNoneMatch === false ? undefined : '*' }
    throw error
  }
}

async function bring({ backend, throttle }: SyncRun, { source, to, record, signal }: Newer, condition: KernelCopyOptions): Promise<void> {
  const onPass = throttle && ((sizeBytes: number) => throttle.take(sizeBytes, signal))
  const ifMatch = capabilitiesAt(backend, source.path).ifMatch === false ? undefined : source.etag
  const options: KernelCopyOptions = { ...condition, ifMatch, onPass, signal }
  record.note(source, await backend.copy(source.path, to, options))
}

function capabilitiesAt(backend: SyncRun['backend'], path: Path): Capabilities {
  return backend.capabilitiesAt?.(path) ?? backend.capabilities
}
