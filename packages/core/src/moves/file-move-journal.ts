import { createHash, randomBytes } from 'node:crypto'
import { appendFile, link, mkdir, open, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { MoveEnds, MoveJournal } from '../kernel/move-journal.ts'
import { toStateError } from '../mounting/state-error.ts'
import { withStateLock } from '../mounting/state-lock.ts'
import { type MoveHeader, spellLine } from './journal-lines.ts'
import { type HeldJournal, openMoveRecord } from './move-record.ts'
import { ownerState, thisProcess } from './owner.ts'
import { type ScannedJournal, scanJournal } from './scan-journal.ts'

/** Where the journals of moves are: a file for each move that is not done. */
export function movesDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'moves')
}

/**
 * Writes moves down in the state directory: `moves/<key>.jsonl`, where the key comes of both ends. Who has the file is said inside; one that died is
 * followed by whoever does the same move next.
 * @param now Milliseconds since the epoch.
 */
export function fileMoveJournal(stateDirectory: string, now: () => number): MoveJournal {
  const open = async (ends: MoveEnds, { kind, signal }: CallOptions & { readonly kind?: MoveHeader['kind'] | undefined }): Promise<HeldJournal | undefined> => {
    signal?.throwIfAborted()
    const file = journalFile(stateDirectory, ends)
    for (;;) {
      const standing = await scanJournal(file)
      if (standing !== undefined) {
        const earlier = await takeOver(stateDirectory, file, { standing, signal })
        if (earlier !== undefined) return { file, kind: kind ?? earlier.header.kind, earlier }
      } else if (kind === undefined) return undefined
      else if (await create(file, { move: 1, kind, ...ends, startedAt: new Date(now()).toISOString(), owner: thisProcess() })) return { file, kind, earlier: undefined }
    }
  }
  const held = <T>(work: Promise<T>): Promise<T> => work.catch((error: unknown) => Promise.reject(toStateError(error, stateDirectory) as Error))
  return {
    open: async (ends, options) => {
      const journal = await held(open(ends, options))
      if (journal === undefined) throw new TypeError('A journal with a kind is made where there is none.')
      return openMoveRecord(journal)
    },
    resume: async (ends, options) => {
      const journal = await held(open(ends, options))
      return journal && openMoveRecord(journal)
    },
  }
}

function journalFile(stateDirectory: string, { from, to }: MoveEnds): string {
  const text = JSON.stringify([from.storage, from.path, to.storage, to.path])
  return join(movesDirectory(stateDirectory), `${createHash('sha256').update(text).digest('hex').slice(0, 32)}.jsonl`)
}

/**
 * Makes a journal with its first line in one step.
 * @returns False when another process was first
 */
async function create(file: string, header: MoveHeader): Promise<boolean> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.appendFile(spellLine(header))
    await link(temporary, file)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    // What stands there cannot be read by anybody, or somebody is ahead of us, which the next look tells.
    if ((await scanJournal(file)) === undefined) await rm(file, { force: true })
    return false
  } finally {
    await handle.close()
    await rm(temporary, { force: true })
  }
}

/**
 * Takes a journal that its owner gave up or died with, one process at a time.
 * @returns `undefined` when the move came to its end meanwhile
 * @throws NexusError `busy` while its owner lives
 */
async function takeOver(stateDirectory: string, file: string, { standing, signal }: CallOptions & { readonly standing: ScannedJournal }): Promise<ScannedJournal | undefined> {
  refuseHeld(file, standing)
  const take = async (): Promise<ScannedJournal | undefined> => {
    const journal = await scanJournal(file)
    if (journal === undefined) return undefined
    refuseHeld(file, journal)
    await truncate(file, journal.validBytes)
    await appendFile(file, spellLine({ owner: thisProcess() }))
    return journal
  }
  return withStateLock(stateDirectory, take, { signal })
}

function refuseHeld(file: string, { owner, header: { from, startedAt } }: ScannedJournal): void {
  const state = owner === null ? 'gone' : ownerState(owner)
  if (owner === null || state === 'gone') return
  const hint = state === 'unseen' ? ` It belongs to another machine or container; if nothing runs there any more, delete ${file}.` : ''
  throw new NexusError('busy', { op: 'rename', path: from.path, reason: `Process ${owner.pid} has been doing the same move since ${startedAt}. Wait for its end.${hint}` })
}
