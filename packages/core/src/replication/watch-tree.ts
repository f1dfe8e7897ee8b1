import type { Backend } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type Path, rootPath } from '../contract/paths.ts'
import { checkCount } from '../contract/check-arguments.ts'
import { followChanges } from './follow-changes.ts'
import type { SyncOptions, SyncResult } from './sync-options.ts'
import { openPair, type SyncPair } from './sync-run.ts'
import { syncPart } from './sync-tree.ts'
import { createTouchedPaths, partOf, type TouchedPaths } from './touched-paths.ts'
import { createWake, type Wake } from './wake.ts'

/** How a directory is kept equal to another. */
export interface WatchTreeOptions extends Omit<SyncOptions, 'dryRun'> {
  /** Ends it; a file under way is brought as a whole or not at all. */
  readonly signal: AbortSignal
  /** How often everything is gone through where the storage does not tell what changes, in milliseconds. Default 10,000. */
  readonly intervalMs?: number | undefined
  /** Called after the first pass over everything, and each time after what changed was looked at. */
  readonly onPass?: ((result: SyncResult) => void) | undefined
  /** Told why something failed that will be tried again in so many milliseconds. */
  readonly onRetry?: ((error: NexusError, delayMs: number) => void) | undefined
}

const firstDelayMs = 1000
const longestDelayMs = 60_000

/**
 * Makes the directory `to` hold what `from` holds, as {@link syncTree} does, and keeps it so: from what the storage tells of changes, or by going
 * through everything again and again where it tells nothing. What fails is tried again. What others change at the target is not looked for.
 * @returns Never; rejects with the signal's reason, or with what makes the first pass fail as a whole
 */
export async function watchTree(backend: Backend, from: Path, { to, ...options }: { readonly to: Path } & WatchTreeOptions): Promise<never> {
  const { intervalMs = 10_000 } = options
  checkCount(intervalMs, 'intervalMs', { op: 'watchTree', path: from, least: 1 })
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const pair = await openPair(backend, from, { to, op: 'watchTree', ...options, signal })
  const watch: Watch = { pair, options, touched: createTouchedPaths(), wake: createWake(), signal }
  const followed = followChanges({ ...watch, intervalMs }).catch((error: unknown) => stop.abort(error))
  try {
    // By the time that this is answered a feed has begun; one that needs longer asks for another pass when it has.
    await backend.stat(from, { fresh: true, signal })
    watch.touched.take()
    const result = await syncPart(pair, rootPath)
    options.onPass?.(result)
    return await keepEqual(watch, failedParts(pair, result))
  } finally {
    stop.abort()
    await followed
  }
}

interface Watch {
  readonly pair: SyncPair
  readonly options: WatchTreeOptions
  readonly touched: TouchedPaths
  readonly wake: Wake
  readonly signal: AbortSignal
}

/** Looks at what was touched, as often as something is; what failed is touched again when its time has come. */
async function keepEqual({ pair, options, touched, wake, signal }: Watch, failedFirst: readonly Path[]): Promise<never> {
  const failing = createTouchedPaths()
  let delayMs = firstDelayMs / 2
  let retryAt = Infinity
  const putOff = (paths: readonly Path[]): void => {
    for (const path of paths) failing.add(path)
    if (failing.isEmpty) delayMs = firstDelayMs / 2
    else if (retryAt === Infinity) retryAt = performance.now() + (delayMs = Math.min(2 * delayMs, longestDelayMs))
  }
  const onFailure = (error: NexusError): void => options.onRetry?.(error, Math.min(2 * delayMs, longestDelayMs))
  for (let failed = failedFirst; ; failed = await bringParts({ pair, options, signal }, touched.take(), onFailure)) {
    putOff(failed)
    await wake.wait(touched.isEmpty ? retryAt - performance.now() : 0, signal)
    if (performance.now() < retryAt) continue
    for (const path of failing.take()) touched.add(path)
    retryAt = Infinity
  }
}

/** @returns The parts that have to be tried again */
async function bringParts({ pair, options, signal }: Pick<Watch, 'pair' | 'options' | 'signal'>, parts: readonly Path[], onFailure: (error: NexusError) => void): Promise<Path[]> {
  const failed: Path[] = []
  for (const part of parts) {
    try {
      // What the storage told of may be a file that was renamed there and is older than the copy of what it replaced.
      const result = await syncPart(part === rootPath ? pair : { ...pair, doubtsTimes: true }, part)
      options.onPass?.(result)
      failed.push(...failedParts(pair, result))
      for (const { path, code, reason } of result.failures.slice(0, 1)) onFailure(new NexusError(code, { op: 'watchTree', path, reason }))
    } catch (error) {
      signal.throwIfAborted()
      if (!isNexusError(error)) throw error
      failed.push(part)
      onFailure(error)
    }
  }
  return failed
}

/** Where it failed, as parts of the pair; all of it when that was at more places than are told. */
function failedParts({ from, to }: SyncPair, { failed, failures }: SyncResult): Path[] {
  if (failed > failures.length) return [rootPath]
  return failures.map(({ path }) => partOf(path, from) ?? partOf(path, to) ?? rootPath)
}
