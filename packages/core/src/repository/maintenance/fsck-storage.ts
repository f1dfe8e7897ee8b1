import { isNexusError, type NexusError } from '../../contract/errors.ts'
import type { JournalStore } from '../../contract/store.ts'
import type { Repository } from '../context.ts'
import { parseDescriptor } from '../descriptor.ts'
import { openHasher } from '../digest.ts'
import { removeIndex } from '../index-connection.ts'
import { inIndexTurn } from '../index-turn.ts'
import { openRepository, type RepositoryBackend, type RepositoryOptions } from '../open-repository.ts'
import { checkJournal } from './check-journal.ts'
import { checkRepository, type FsckOptions, type FsckReport } from './fsck.ts'
import type { RepositoryProblem } from './problem.ts'
import { repairDescriptor } from './repair-descriptor.ts'

/**
 * Checks an open repository, or storage whose repository may be too damaged to be opened: then the storage is closed afterwards. With `repair` it puts
 * right what can be put right, and lists what cannot.
 */
export async function fsck(target: Repository | RepositoryOptions, options: FsckOptions = {}): Promise<FsckReport> {
  if ('view' in target) return checkRepository(target, options)
  // A repository that fails to open closes its journal, which is still to be looked at.
  const journal: JournalStore = { ...target.journal, close: () => Promise.resolve() }
  try {
    return await checkStorage({ ...target, journal, readonly: options.repair !== true }, options)
  } finally {
    await target.journal.close()
  }
}

async function checkStorage(target: RepositoryOptions, options: FsckOptions): Promise<FsckReport> {
  const repaired: string[] = []
  const lost = await lookAtDescriptor(target, options)
  if (lost !== undefined) {
    if (options.repair !== true) return unopened([lost])
    const id = await repairDescriptor(target, options)
    repaired.push(`nexus.json was written again, for repository ${id}.`)
  }
  const opened = await tryOpen(target, { options, repaired })
  if (!('repository' in opened)) return unopened(await findJournalProblems(target, opened, options), repaired)
  try {
    const report = await checkRepository(opened.repository, options)
    return { ...report, repaired: [...repaired, ...report.repaired] }
  } finally {
    await opened.close()
  }
}

function unopened(problems: readonly RepositoryProblem[], repaired: readonly string[] = []): FsckReport {
  return { ok: false, commits: 0, files: 0, contents: 0, bytes: 0, problems, repaired }
}

async function lookAtDescriptor({ journal }: RepositoryOptions, { signal }: FsckOptions): Promise<RepositoryProblem | undefined> {
  try {
    const bytes = await journal.readDescriptor({ signal })
    if (bytes !== undefined) parseDescriptor(bytes, journal.name)
    return undefined
  } catch (error) {
    if (!isNexusError(error, 'corrupt')) throw error
    return { kind: 'descriptor', key: 'nexus.json', message: error.reason }
  }
}

/** The repository, or why it cannot be opened. An index that claims more than the journal has is given up when repairing. */
async function tryOpen(target: RepositoryOptions, { options, repaired }: { options: FsckOptions; repaired: string[] }): Promise<RepositoryBackend | NexusError> {
  try {
    return await openRepository({ ...target, signal: options.signal })
  } catch (error) {
    if (!isDamage(error)) throw error
    if (options.repair !== true) return error
  }
  try {
    await inIndexTurn(target.indexPath, options.signal, () => Promise.resolve(target.indexPath).then(removeIndex))
    const opened = await openRepository({ ...target, signal: options.signal })
    repaired.push('The index was made again from what is left of the journal.')
    return opened
  } catch (error) {
    if (!isDamage(error)) throw error
    return error
  }
}

function isDamage(error: unknown): error is NexusError {
  return isNexusError(error, 'corrupt') || isNexusError(error, 'unavailable')
}

async function findJournalProblems({ journal }: RepositoryOptions, failure: NexusError, { signal, readData }: FsckOptions): Promise<RepositoryProblem[]> {
  const bytes = await journal.readDescriptor({ signal })
  const reason: RepositoryProblem = { kind: 'journal', message: failure.reason }
  if (bytes === undefined) return [reason]
  const hasher = await openHasher(parseDescriptor(bytes, journal.name).digest)
  const { problems } = await checkJournal({ journal, hasher }, { signal, readData })
  return problems.some(({ message }) => message === reason.message) ? [...problems] : [reason, ...problems]
}
