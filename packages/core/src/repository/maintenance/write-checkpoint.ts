import type { CallOptions } from '../../contract/backend.ts'
import { NexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import { stateLines } from './checkpoint-lines.ts'
import { withIndexSnapshot } from './index-snapshot.ts'
import { storeCheckpoint, type WrittenCheckpoint } from './store-checkpoint.ts'

/**
 * Writes the whole state without contents, reads it back, and keeps the newest two. From it and the commits after it an index is made again without
 * the older part of the journal.
 * @throws NexusError `read_only`, `not_found` where there is no repository yet, `corrupt` when what was written reads back differently
 */
export async function writeCheckpoint(repository: Repository, { signal }: CallOptions = {}): Promise<WrittenCheckpoint> {
  if (repository.readonly) throw new NexusError('read_only', { op: 'checkpoint', reason: 'The repository was opened read-only; a checkpoint is written into it.' })
  const written = await withIndexSnapshot(repository, signal, ({ database, head }) =>
    storeCheckpoint(repository, { lines: stateLines(database, { descriptor: repository.descriptor }), sequence: head.sequence, signal }),
  )
  if (written === undefined) throw new NexusError('not_found', { op: 'checkpoint', reason: 'There is no repository here yet; its first write makes one.' })
  return written
}
