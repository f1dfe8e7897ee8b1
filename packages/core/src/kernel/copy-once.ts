import type { FileStat } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Move } from './move.ts'
import type { CopiedFile, MoveRecord } from './move-journal.ts'
import { capabilitiesOf, type Place } from './place.ts'
import { statAt } from './stat.ts'
import { isSameContent, refuseMetadataLoss, transferFile } from './transfer.ts'

/** A file that stands at the target, and what the journal knows of it. */
export interface Copied {
  readonly told: FileStat
  readonly file: CopiedFile
}

/**
 * Copies a file of a move unless an earlier attempt did: its copy still stands as it was left, and so does the source. Where only the source changed it is
 * copied anew.
 * @param path Below the ends of the move, as the record names it.
 * @throws NexusError `precondition_failed` when what stands at the target is not our copy any more: nothing is overwritten then
 */
export async function copyOnce(move: Move, path: string, record: MoveRecord): Promise<Copied> {
  const { source, target, options } = move
  const before = await statAt(source, { fresh: true, signal: options?.signal })
  const there = record.isResumed ? await findTarget(target, options?.signal) : undefined
  if (there !== undefined && (await isArrived(move, { before, there, known: record.find(path), isOnly: path === '' }))) {
    const file = toCopied(path, before, there)
    if (record.find(path)?.targetEtag !== file.targetEtag) await record.copied(file)
    return { told: there, file }
  }
  refuseMetadataLoss(move, before.metadata)
  const told = await transferFile(pinned(move, before), before)
  const file = toCopied(path, before, told)
  await record.copied(file)
  return { told, file }
}

interface Arrival {
  readonly before: FileStat
  readonly there: FileStat
  readonly known: CopiedFile | undefined
  /** The file is all that is moved, and so may replace what stands at the target, as by any rename. */
  readonly isOnly: boolean
}

/** Whether what stands at the target is the source's copy. False: the source is to be copied there. */
async function isArrived(move: Move, { before, there, known, isOnly }: Arrival): Promise<boolean> {
  if (known !== undefined && there.etag === known.targetEtag) return before.etag === known.sourceEtag
  if (there.kind === 'file' && (await isSameContent(move, before, there))) return true
  if (known === undefined && isOnly) return false
  const since = known === undefined ? 'is not what is to be moved there' : 'was changed since an earlier attempt put it there'
  const reason = `What stands there ${since}, and a move that goes on replaces nothing. Look at both; take one away, and repeat the move.`
  const { op, path, mount } = move.target
  throw new NexusError('precondition_failed', { op, path, backend: mount.backend.scheme, reason })
}

async function findTarget(target: Place, signal: AbortSignal | undefined): Promise<FileStat | undefined> {
  try {
    return await statAt(target, { fresh: true, signal })
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}

function toCopied(path: string, source: FileStat, target: FileStat): CopiedFile {
  return { path, sourceEtag: source.etag ?? '', targetEtag: target.etag ?? '' }
}

/** The copy is of the state that was looked at, where the store can promise that. */
function pinned(move: Move, { etag }: FileStat): Move {
  return capabilitiesOf(move.source).ifMatch === false ? move : { ...move, options: { ...move.options, ifMatch: move.options?.ifMatch ?? etag } }
}
