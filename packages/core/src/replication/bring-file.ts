import type { Entry } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { baseName, type Path } from '../contract/paths.ts'
import type { KernelMoveOptions } from '../kernel/move-options.ts'
import { isSameContent, metadataPatch } from './same-file.ts'
import type { SyncRun } from './sync-run.ts'

/** What to bring, and where. */
interface Bringing {
  readonly source: Entry
  readonly to: Path
  readonly signal: AbortSignal
}

/** So often a file is copied anew that changes while it is. */
const maxAttempts = 3

/** Makes a file that stands on both sides the same. */
export async function bringAgain(run: SyncRun, target: Entry, bringing: Bringing): Promise<void> {
  const { backend, options, tally, throttle, ledger, doubtsTimes = false } = run
  const { source, signal } = bringing
  const isSame = ledger?.holds(source, target) ?? (await isSameContent({ backend, checksum: options.checksum === true, doubtsTimes, throttle, signal }, source, target))
  if (!isSame) return bringFile(run, bringing)
  // What was noted came with its metadata.
  const patch = ledger === undefined ? metadataPatch(backend, source, target) : undefined
  if (patch === undefined || backend.setMetadata === undefined) {
    tally.counts.unchanged++
    tally.saw(source.path)
    return
  }
  if (options.dryRun !== true) await backend.setMetadata(target.path, patch, { signal })
  tally.did({ type: 'update', kind: 'file', path: target.path, sizeBytes: source.sizeBytes })
}

/** Copies a file in one of its states: if it changes meanwhile, in the newer one. What is gone at the source is not missed. */
export async function bringFile(run: SyncRun, bringing: Bringing): Promise<void> {
  const { options, tally } = run
  let { source } = bringing
  for (let attempt = 1; ; attempt++) {
    try {
      if (options.dryRun !== true) await copyOnce(run, { ...bringing, source })
      tally.did({ type: 'copy', kind: 'file', path: bringing.to, sizeBytes: source.sizeBytes })
      return
    } catch (error) {
      if (attempt === maxAttempts || !(isNexusError(error, 'precondition_failed') || isNexusError(error, 'busy') || isNexusError(error, 'not_found'))) throw error
      const now = await statUnlessGone(run, bringing)
      if (now === undefined) return
      source = now
    }
  }
}

async function statUnlessGone({ backend }: SyncRun, { source: { path }, signal }: Bringing): Promise<Entry | undefined> {
  try {
    const stat = await backend.stat(path, { fresh: true, signal })
    return stat.kind === 'file' ? { ...stat, name: baseName(path) } : undefined
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}

/** A copy is later than any change before it, so that one which was made meanwhile would never be seen. What is gone was copied as it was. */
async function hasChanged(backend: SyncRun['backend'], { path, etag }: Entry, signal: AbortSignal): Promise<boolean> {
  try {
    const now = await backend.stat(path, { fresh: true, signal })
    return etag !== undefined && now.etag !== etag
  } catch (error) {
    if (isNexusError(error, 'not_found')) return false
    throw error
  }
}

async function copyOnce({ backend, tally, throttle, ledger }: SyncRun, { source, to, signal }: Bringing): Promise<void> {
  let passedBytes = 0
  const onPass = async (sizeBytes: number): Promise<void> => {
    await throttle?.take(sizeBytes, signal)
    passedBytes += sizeBytes
    tally.passed(source.path, sizeBytes)
  }
  const { ifMatch } = backend.capabilitiesAt?.(source.path) ?? backend.capabilities
  const options: KernelMoveOptions = { signal, onPass, ifMatch: ifMatch === false ? undefined : source.etag }
  try {
    const copied = await backend.copy(source.path, to, options)
    // A ledger knows which state was copied, where that is certain.
    const isKnown = ledger !== undefined && ifMatch !== false
    if (!isKnown && (await hasChanged(backend, source, signal))) throw changing(source)
    ledger?.note(source, copied)
    // What the service copied by itself has not passed, and has been brought all the same.
    tally.counts.bytes += (source.sizeBytes ?? copied.sizeBytes ?? passedBytes) - passedBytes
  } catch (error) {
    tally.counts.bytes -= passedBytes
    throw error
  }
}

function changing({ path }: Entry): NexusError {
  return new NexusError('busy', { op: 'syncTree', path, reason: 'The file changes each time that it is copied. When it rests, sync again with checksum: its copy is later than the change and would pass for the same.' })
}
