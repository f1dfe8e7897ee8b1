import type { FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { deleteAt } from './delete.ts'
import type { Move } from './move.ts'
import { capabilitiesOf, type Place } from './place.ts'
import { statAt } from './stat.ts'
import { refuseMetadataLoss, transferFile } from './transfer.ts'

/** Moves one file: copy, verify, and delete the source last, in the state in which it was copied. */
export async function moveFile(move: Move): Promise<FileStat> {
  const { source, options } = move
  const before = await statAt(source, { signal: options?.signal })
  refuseMetadataLoss(move, before.metadata)
  const copied = await transferFile(pinned(move, before))
  await deleteUnchanged(source, before, options?.signal)
  return copied
}

/** The copy is of the state that was looked at, where the store can promise that. */
export function pinned(move: Move, { etag }: FileStat): Move {
  return capabilitiesOf(move.source).ifMatch === false ? move : { ...move, options: { ...move.options, ifMatch: etag } }
}

/**
 * Deletes a source that has not changed since it was copied.
 * @throws NexusError `precondition_failed` when it has: both stand then, and nothing is lost
 */
export async function deleteUnchanged(source: Place, before: FileStat, signal: AbortSignal | undefined): Promise<void> {
  if (capabilitiesOf(source).ifMatch !== false) return deleteAt(source, { ifMatch: before.etag, signal })
  const now = await statAt(source, { fresh: true, signal })
  if (now.etag === before.etag) return deleteAt(source, { signal })
  const reason = 'It changed while it was copied. The copy stands beside it; look at both, and delete one.'
  throw new NexusError('precondition_failed', { op: source.op, path: source.path, backend: source.mount.backend.scheme, reason })
}
