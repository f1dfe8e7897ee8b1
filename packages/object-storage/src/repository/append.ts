import { type DurableOptions, type JournalEntry, type JournalPosition, type MaybePromise, NexusError, type RecordCodec } from '@nexus/core/contract'
import type { BucketContext } from './context.ts'
import { corruptJournal, type JournalObject, parseJournalObject } from './journal-object.ts'
import { standingDescriptor } from './descriptor.ts'
import { proveCreateOnly } from './prove-create-only.ts'
import { putGroup } from './put-group.ts'
import { knownAfter, reach, seeEnd } from './read-journal.ts'

/** What the caller of `append` gives. */
export interface AppendRequest {
  readonly from: JournalPosition
  readonly prepare: (newer: readonly JournalEntry[]) => MaybePromise<readonly Uint8Array[]>
  readonly options: DurableOptions
}

/** One turn to commit: planned on what is known, put under the next number, and planned again behind whoever was first. */
export async function appendGroup(context: BucketContext, { from, prepare, options }: AppendRequest): Promise<readonly JournalEntry[]> {
  const { cache } = context
  await proveCreateOnly(context, await standingDescriptor(context, options), options.signal)
  await reach(context, from, options)
  let told = from
  for (;;) {
    await seeEnd(context, options.signal)
    const news = await knownAfter(context, told, options)
    const records = await prepare(news)
    told = news.at(-1)?.end ?? told
    options.signal?.throwIfAborted()
    if (records.length === 0) return []
    const group = toGroup(context, records)
    // The caller reads the journal too, or an index that others bring forward, and may have planned on more than it was told here.
    const isReached = await reach(context, { sequence: group.first - 1, segment: 0, offset: 0 }, options)
    if (!isReached || group.first <= told.sequence) throw misnumbered(context, group.first, told.sequence + 1)
    if (group.first <= cache.tail.sequence) continue
    if (await putGroup(context, group, options.signal)) {
      cache.put(group)
      return group.entries
    }
  }
}

function toGroup(context: Pick<BucketContext, 'codec' | 'store'>, records: readonly Uint8Array[]): JournalObject {
  const first = firstSequence(context.codec, records)
  if (first === undefined) throw new NexusError('unexpected', { op: 'commit', path: context.store.name, reason: 'What is to be appended is no framed record.' })
  const bytes = records.length === 1 ? (records[0] as Uint8Array) : Buffer.concat(records)
  const group = parseJournalObject(context.codec, first, bytes)
  if (group.entries.length !== records.length) throw corruptJournal(context.store.name, `${records.length} records were given, and ${group.entries.length} found in them.`)
  return group
}

function firstSequence(codec: RecordCodec, [first]: readonly Uint8Array[]): number | undefined {
  return first === undefined ? undefined : codec.prelude(first)?.sequence
}

function misnumbered({ store }: BucketContext, found: number, expected: number): NexusError {
  return new NexusError('unexpected', { op: 'commit', path: store.name, reason: `The group must begin with commit ${expected}; it begins with ${found}.` })
}
