import type { Backend, FileStat, MoveOptions } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { digestAlgorithm } from './digester.ts'
import type { Move } from './move.ts'
import { capabilitiesOf, perform } from './place.ts'
import { toldIn } from './relocate.ts'

/**
 * Copies inside the service that keeps both ends, through the target's layers. Size and, where both ends tell a comparable one, digest are verified; else
 * the service's word counts.
 * @returns `undefined` where that cannot be, before anything happened
 */
export async function copyInService(move: Move, before: FileStat): Promise<FileStat | undefined> {
  const { source, target, options } = move
  const stored = source.mount.backend.storedAt?.(source.inner)
  // No service is asked to copy onto a certain state.
  if (stored === undefined || target.mount.backend.copyFrom === undefined || options?.ifTargetMatch !== undefined) return undefined
  const ifMatch = options?.ifMatch ?? (capabilitiesOf(source).ifMatch === false ? undefined : before.etag)
  const run = async (backend: Backend, inner: Path, given: MoveOptions): Promise<FileStat | undefined> => backend.copyFrom?.(stored, inner, given)
  try {
    const copied = await perform(target, { ifMatch, ifNoneMatch: options?.ifNoneMatch, signal: options?.signal }, run)
    if (copied !== undefined && ifMatch !== undefined) verify(move, before, copied)
    return copied && toldIn(target.mount, copied)
  } catch (error) {
    // Who did not ask for this state gets the one that is there now, by reading it.
    if (options?.ifMatch === undefined && isNexusError(error, 'precondition_failed')) return undefined
    throw error
  }
}

function verify({ source, target }: Move, before: FileStat, copied: FileStat): void {
  const sameSize = before.sizeBytes === undefined || copied.sizeBytes === undefined || before.sizeBytes === copied.sizeBytes
  const algorithm = digestAlgorithm(before.digest)
  const sameDigest = algorithm === undefined || algorithm !== digestAlgorithm(copied.digest) || before.digest === copied.digest
  if (sameSize && sameDigest) return
  const reason = `The copy of ${source.path} has ${copied.sizeBytes} bytes (${copied.digest ?? 'no digest'}) instead of ${before.sizeBytes} (${before.digest ?? 'no digest'}). The source is untouched; look at the copy and repeat.`
  throw new NexusError('corrupt', { op: target.op, path: target.path, backend: target.mount.backend.scheme, reason })
}
