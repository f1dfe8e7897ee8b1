import type { FileStat } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { deleteAt } from './delete.ts'
import { copyOnce } from './copy-once.ts'
import type { Move } from './move.ts'
import type { CopiedFile, MoveRecord } from './move-journal.ts'
import { capabilitiesOf, type Place } from './place.ts'
import { statAt } from './stat.ts'

/** Moves one file: copy, verify, and delete the source last, in the state in which it was copied. */
export async function moveFile(move: Move, record: MoveRecord): Promise<FileStat> {
  const { source, options } = move
  const { told, file } = await copyOnce(move, '', record)
  await deleteCopied(source, file, { record, signal: options?.signal })
  return told
}

/** Deletes what was copied, unless it is gone already; what was deleted is noted. */
export async function deleteCopied(source: Place, file: CopiedFile, { record, signal }: { readonly record: MoveRecord; readonly signal: AbortSignal | undefined }): Promise<void> {
  try {
    await deleteUnchanged(source, file.sourceEtag, signal)
  } catch (error) {
    if (!(await isGone(source, error, signal))) throw error
  }
  await record.deleted(file.path)
}

/** An earlier attempt may have been killed right after it deleted the source. */
async function isGone(source: Place, error: unknown, signal: AbortSignal | undefined): Promise<boolean> {
  if (!isNexusError(error, 'not_found') && !isNexusError(error, 'precondition_failed')) return false
  try {
    await statAt(source, { fresh: true, signal })
    return false
  } catch (absence) {
    if (isNexusError(absence, 'not_found')) return true
    throw absence
  }
}

/**
 * Deletes a source that has not changed since it was copied.
 * @throws NexusError `precondition_failed` when it has: both stand then, and nothing is lost
 */
async function deleteUnchanged(source: Place, etag: string, signal: AbortSignal | undefined): Promise<void> {
  if (capabilitiesOf(source).ifMatch !== false) return deleteAt(source, { ifMatch: etag, signal })
  const now = await statAt(source, { fresh: true, signal })
  if (now.etag === etag) return deleteAt(source, { signal })
  const reason = 'It changed while it was copied. The copy stands beside it; look at both, and delete one.'
  throw new NexusError('precondition_failed', { op: source.op, path: source.path, backend: source.mount.backend.scheme, reason })
}
