import { isNexusError, NexusError } from '@nexus/core/contract'
import { Backoff, mayPass } from './attempts.ts'
import { type BucketContext, createOnly } from './context.ts'
import { fetchObject } from './fetch-object.ts'
import { journalKey, type JournalObject } from './journal-object.ts'
import { seeEnd } from './read-journal.ts'

/** How often the service may refuse a put; questions are repeated by themselves. */
const maxFailures = 3
/** How long it is asked what became of a put whose answer was lost: whoever goes on without knowing has to find out all the same. */
const patienceMs = 60_000
/** Attribute of journal objects that names their repository: what a lost `nexus.json` is written again from. */
export const repositoryAttribute = 'nexus-repository'

/** Where one attempt to put a group stands. */
interface Attempt {
  readonly group: JournalObject
  readonly signal: AbortSignal | undefined
  readonly backoff: Backoff
  readonly beganAt: number
  failures: number
  /** An answer was lost: the group may stand there. */
  isUnsure: boolean
}

/**
 * Puts a group under its number, and repeats the same bytes at the same number until it is known what became of them.
 * @returns Whether it stands there; if not, another writer's does, and has been read.
 * @throws NexusError `outcome_unknown` when that could not be found out, `busy`, `unavailable` and others where nothing was written
 */
export async function putGroup(context: BucketContext, group: JournalObject, signal: AbortSignal | undefined): Promise<boolean> {
  const attempt: Attempt = { group, signal, backoff: new Backoff(context), beganAt: context.now(), failures: 0, isUnsure: false }
  for (;;) {
    try {
      const outcome = await putOnce(context, attempt)
      if (outcome === 'ours' || outcome === 'taken') return outcome === 'ours'
      if (outcome !== 'again') await attempt.backoff.wait(outcome, signal)
    } catch (error) {
      if (signal?.aborted === true) throw givenUp(context, attempt, error)
      throw attempt.isUnsure ? unknownOutcome(context, group, error) : error
    }
  }
}

/** @returns A failure after which the same may be put once more. */
async function putOnce(context: BucketContext, attempt: Attempt): Promise<'ours' | 'taken' | 'again' | NexusError> {
  const { store, cache, now, clock, hasOneWriter, descriptor } = context
  const { group, signal } = attempt
  // An attempt may have lasted for so long that its number has come and gone.
  await seeEnd(context, signal)
  // Without create-only writes only a look tells whether the number is free.
  const standing = hasOneWriter || cache.tail.sequence >= group.first ? await whatStands(context, attempt) : 'again'
  if (standing !== 'again') return standing
  signal?.throwIfAborted()
  const began = now()
  try {
    const metadata = descriptor === undefined ? undefined : { [repositoryAttribute]: descriptor.id }
    const info = await store.put(journalKey(group.first), group.bytes, { condition: createOnly(context), metadata, signal })
    clock.note(info.modifiedAt)
    cache.sawEnd(began)
    return 'ours'
  } catch (error) {
    if (isNexusError(error, 'precondition_failed')) {
      const found = await whatStands(context, attempt)
      // Refused though nothing stands there: once or twice that is another writer who was refused as well.
      if (found === 'again' && ++attempt.failures >= maxFailures) throw error
      return found
    }
    // Until the service has said that nothing happened, something may have.
    attempt.isUnsure ||= signal?.aborted === true || isNexusError(error, 'outcome_unknown') || isNexusError(error, 'timeout')
    attempt.failures++
    const isImpatient = !attempt.isUnsure || now() - attempt.beganAt >= patienceMs
    if (!mayPass(error) || (isImpatient && attempt.failures >= maxFailures) || signal?.aborted === true) throw error
    return error
  }
}

/** Whose the number is; `again` when it is nobody's. */
async function whatStands(context: BucketContext, { group, signal }: Attempt): Promise<'ours' | 'taken' | 'again'> {
  const found = await fetchObject(context, group.first, { signal })
  if (found === undefined) return 'again'
  return Buffer.compare(found.bytes, group.bytes) === 0 ? 'ours' : 'taken'
}

function givenUp(context: BucketContext, { group, isUnsure, signal }: Attempt, error: unknown): unknown {
  return isUnsure ? unknownOutcome(context, group, error) : (signal?.reason ?? error)
}

function unknownOutcome({ store }: BucketContext, group: JournalObject, cause: unknown): NexusError {
  return new NexusError('outcome_unknown', {
    op: 'commit',
    path: store.name,
    backend: store.scheme,
    cause,
    reason: `Whether commit ${group.first} was written is not known; the next commit finds out. Read before you repeat.`,
  })
}
