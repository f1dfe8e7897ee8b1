import { NexusError } from '@nexus/core/contract'
import type { JournalContext } from './context.ts'
import { toNexusError } from './errors.ts'
import type { Head } from './head.ts'
import { forgetTarget, roll } from './roll.ts'

/**
 * After a failed write or sync: what was written never counts. The descriptor is given up, the seal is published, and a new segment that says where
 * this one ends is begun at once; when that fails too, the next writer tries again.
 * @returns What the callers of the commit are told.
 */
export async function seal(context: JournalContext, head: Head, error: unknown): Promise<NexusError> {
  forgetTarget(context)
  const sealed = { ...head, sealed: true }
  try {
    context.head.write(sealed)
  } catch (second) {
    const cause = new AggregateError([error, second], 'The commit failed, and so did its withdrawal.')
    return new NexusError('outcome_unknown', { op: 'commit', path: context.layout.head, backend: 'local', cause, reason: 'Writing the commit failed, and so did taking it back; read before you repeat.' })
  }
  try {
    await roll(context, sealed, { bytes: 0, grow: false })
    return toNexusError(error, 'commit', context.layout.journal)
  } catch (second) {
    const failure = toNexusError(error, 'commit', context.layout.journal)
    const cause = new AggregateError([error, second], 'The commit failed, and so did beginning a new segment.')
    return new NexusError(failure.code, { op: 'commit', path: context.layout.journal, backend: 'local', cause, reason: failure.reason })
  }
}
