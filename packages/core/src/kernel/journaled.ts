import type { FileStat } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import type { Move } from './move.ts'
import { type MoveEnds, type MoveRecord, rememberMove } from './move-journal.ts'
import { statAt } from './stat.ts'

/** Does a move with a record of it, which is kept until the move is done. */
export async function journaled(move: Move, kind: 'file' | 'directory', run: (record: MoveRecord) => Promise<FileStat>): Promise<FileStat> {
  const ends = endsOf(move)
  const record = ends === undefined ? rememberMove() : ((await move.journal?.open(ends, { kind, signal: move.options?.signal })) ?? rememberMove())
  return whileHeld(record, () => run(record))
}

/**
 * The end of a move whose source is gone already: an earlier attempt was killed after it had deleted it and before it could say so.
 * @returns The target; `undefined` where there was no such attempt, or it did not come so far
 */
export async function finished(move: Move): Promise<FileStat | undefined> {
  const ends = endsOf(move)
  const record = ends && (await move.journal?.resume(ends, { signal: move.options?.signal }))
  if (record === undefined) return undefined
  return whileHeld(record, () => findTarget(move, record))
}

async function findTarget({ target, options }: Move, record: MoveRecord): Promise<FileStat | undefined> {
  try {
    const there = await statAt(target, { fresh: true, signal: options?.signal })
    // Of a directory everything was noted as deleted before the directory itself went.
    const isAtEnd = there.kind === 'directory' ? record.isResumed && (await isEmpty(record.copies())) : there.etag === record.find('')?.targetEtag
    return isAtEnd ? there : undefined
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}

async function isEmpty(items: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of items) return false
  return true
}

async function whileHeld<T>(record: MoveRecord, run: () => Promise<T>): Promise<T> {
  let isDone = false
  try {
    const result = await run()
    isDone = true
    return result
  } finally {
    await (isDone ? record.finish() : record.release())
  }
}

function endsOf({ source, target }: Move): MoveEnds | undefined {
  const [from, to] = [source.mount.facts.storage, target.mount.facts.storage]
  if (from === undefined || to === undefined) return undefined
  return { from: { storage: from, path: source.inner }, to: { storage: to, path: target.inner } }
}
