import { NexusError } from '@nexus/core/contract'
import type { JournalContext } from './context.ts'
import { roll } from './roll.ts'

/** Creates the first segment of a journal whose earlier commits stand in a checkpoint. Under the lock. */
export async function beginAfter(context: JournalContext, sequence: number): Promise<void> {
  if (context.segments.list().length > 0) {
    throw new NexusError('already_exists', { op: 'restore', path: context.layout.journal, backend: 'local', reason: 'The journal has a beginning already; restore into an empty directory.' })
  }
  const head = { sameBoot: true, sequence, segment: 0, offset: 0, synced: 0, next: 0, sealed: false, generation: 0, recordCrc: 0 }
  await roll(context, head, { bytes: 0, grow: false })
}
