import { type CallOptions, isNexusError, NexusError } from '@nexus/core/contract'
import { repeatedly } from './attempts.ts'
import { type BucketContext, createOnly } from './context.ts'
import { fetchObject } from './fetch-object.ts'
import { journalKey } from './journal-object.ts'
import { type ListedGroup, listJournal } from './list-journal.ts'

const deletedAtOnce = 256

/** A group of commits, with the date at which the store took it. */
export interface DescribedGroup extends ListedGroup {
  /** Number of its last commit. */
  readonly last: number
}

/** The groups of the journal, oldest first. The last one is read, because only it knows where it ends. */
export async function describeGroups(context: BucketContext, options: CallOptions): Promise<readonly DescribedGroup[]> {
  const listed: ListedGroup[] = []
  for await (const page of listJournal(context, options)) listed.push(...page)
  const last = listed.at(-1)
  if (last === undefined) return []
  const end = await lastOf(context, last, options)
  return listed.map((group, index) => ({ ...group, last: (listed[index + 1]?.first ?? end + 1) - 1 })).filter(({ sizeBytes }) => sizeBytes > 0)
}

/** Lets groups go whose commits all have at most this number, oldest first; never the last one. */
export async function removeGroups(context: BucketContext, sequence: number, options: CallOptions): Promise<void> {
  const groups = await repeatedly(context, options.signal, () => describeGroups(context, options))
  const keys = groups.slice(0, -1).flatMap(({ first, last }) => (last <= sequence ? [journalKey(first)] : []))
  for (let start = 0; start < keys.length; start += deletedAtOnce) {
    const some = keys.slice(start, start + deletedAtOnce)
    await repeatedly(context, options.signal, () => context.store.delete(some, options))
  }
}

/** Lets an empty journal begin behind a commit: an object without commits stands under its number. */
export async function beginAfter(context: BucketContext, sequence: number, { signal }: CallOptions = {}): Promise<void> {
  const { store } = context
  for await (const [found] of listJournal(context, { signal, pageSize: 1 })) if (found !== undefined) throw begun(context)
  try {
    await repeatedly(context, signal, () => store.put(journalKey(sequence), new Uint8Array(0), { condition: createOnly(context), signal }))
  } catch (error) {
    throw isNexusError(error, 'precondition_failed') ? begun(context) : error
  }
}

function begun({ store }: BucketContext): NexusError {
  return new NexusError('already_exists', { op: 'restore', path: store.name, backend: store.scheme, reason: 'The journal has a beginning already; restore into an empty place.' })
}

async function lastOf(context: BucketContext, { first, sizeBytes }: ListedGroup, options: CallOptions): Promise<number> {
  if (sizeBytes === 0) return first
  const object = context.cache.get(first) ?? (await fetchObject(context, first, options))
  return object?.end.sequence ?? first
}
