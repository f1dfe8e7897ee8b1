import { type UnfinishedMove, unfinishedMoves } from '@nexus/core'
import { type Path, relativePath } from '@nexus/core/contract'
import type { Session } from '../session.ts'

/** The move from one path to exactly the other that an earlier command began and did not end; `undefined` where there is none, or one is under way. */
export async function findUnfinished({ fs }: Session, from: Path, to: Path): Promise<UnfinishedMove | undefined> {
  const moves = (await unfinishedMoves()).filter(({ isUnderWay }) => !isUnderWay)
  if (moves.length === 0) return undefined
  const [source, target] = await Promise.all([fs.getMountInfo(from), fs.getMountInfo(to)])
  if (source?.storage === undefined || target?.storage === undefined) return undefined
  const ends = { from: relativePath(from, source.mountPoint), to: relativePath(to, target.mountPoint) }
  const isSame = (move: UnfinishedMove): boolean =>
    move.from.storage === source.storage && move.from.path === ends.from && move.to.storage === target.storage && move.to.path === ends.to
  return moves.find(isSame)
}
