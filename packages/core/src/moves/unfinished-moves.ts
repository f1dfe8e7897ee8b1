import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { MoveEnds } from '../kernel/move-journal.ts'
import { type Environment, processEnvironment } from '../mounting/environment.ts'
import { toStateError } from '../mounting/state-error.ts'
import { stateDirectory } from '../mounting/state-directory.ts'
import { movesDirectory } from './file-move-journal.ts'
import { ownerState } from './owner.ts'
import { scanJournal } from './scan-journal.ts'

/** A move between mounts that did not come to its end. The same rename goes on with it. */
export interface UnfinishedMove extends MoveEnds {
  readonly kind: 'file' | 'directory'
  readonly startedAt: Date
  /** Whether a process is at it, as far as can be seen from here. */
  readonly isUnderWay: boolean
  /** Files that arrived and were verified. */
  readonly copiedFiles: number
  /** Files among them that were deleted at the source. */
  readonly deletedFiles: number
  /** Host path of its journal. Deleting it forgets the move; no file is lost by that. */
  readonly journal: string
}

/** Moves that were begun on this machine and are not done, oldest first. Asks no storage. @throws NexusError when the state directory cannot be read */
export async function unfinishedMoves(environment: Environment = processEnvironment()): Promise<UnfinishedMove[]> {
  const directory = movesDirectory(stateDirectory(environment))
  const moves: UnfinishedMove[] = []
  for (const name of await journalsIn(directory)) {
    const journal = join(directory, name)
    const scanned = await scanJournal(journal)
    if (scanned === undefined) continue
    const { owner, known, header: { from, to, kind, startedAt } } = scanned
    const files = [...known.values()]
    const isUnderWay = owner !== null && ownerState(owner) !== 'gone'
    moves.push({ from, to, kind, startedAt: new Date(startedAt), isUnderWay, copiedFiles: files.length, deletedFiles: files.filter(({ isDeleted }) => isDeleted).length, journal })
  }
  return moves.sort((left, right) => left.startedAt.getTime() - right.startedAt.getTime())
}

async function journalsIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.jsonl'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw toStateError(error, directory)
  }
}
