import { isNexusError } from '../contract/errors.ts'
import { type MoveJournal, rememberMove } from '../kernel/move-journal.ts'
import type { Environment } from '../mounting/environment.ts'
import { stateDirectory } from '../mounting/state-directory.ts'
import { fileMoveJournal } from './file-move-journal.ts'

/**
 * The journal of moves in the environment's state directory. Where that cannot be written a move is done all the same, and a warning says that nobody could
 * go on with it.
 */
export function moveJournalIn(environment: Environment): MoveJournal {
  const directory = stateDirectory(environment)
  const journal = fileMoveJournal(directory, environment.now)
  return {
    open: async (ends, options) => {
      try {
        return await journal.open(ends, options)
      } catch (error) {
        if (!isUnwritable(error)) throw error
        environment.warn(`The move of ${ends.from.path} is not written down, so that nothing goes on with it after a crash: ${String(error)}`)
        return rememberMove()
      }
    },
    resume: async (ends, options) => {
      try {
        return await journal.resume(ends, options)
      } catch (error) {
        if (isUnwritable(error)) return undefined
        throw error
      }
    },
  }
}

function isUnwritable(error: unknown): boolean {
  return (['permission_denied', 'no_space', 'invalid_config'] as const).some((code) => isNexusError(error, code))
}
