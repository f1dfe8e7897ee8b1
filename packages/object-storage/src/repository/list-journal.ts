import type { CallOptions } from '@nexus/core/contract'
import type { BucketContext } from './context.ts'
import { journalKey, journalNumber, journalPrefix } from './journal-object.ts'

/** A journal object, as a listing tells it. */
export interface ListedGroup {
  readonly first: number
  readonly sizeBytes: number
  readonly modifiedAt: Date
}

interface ListJournalOptions extends CallOptions {
  /** Only groups that begin behind this commit. */
  readonly after?: number | undefined
  readonly pageSize?: number | undefined
}

/** The objects of the journal, oldest first, page by page. */
export async function* listJournal({ store }: Pick<BucketContext, 'store'>, { after, ...options }: ListJournalOptions): AsyncGenerator<ListedGroup[]> {
  const startAfter = after === undefined ? undefined : journalKey(after)
  for await (const { objects } of store.list({ prefix: journalPrefix, startAfter, ...options })) {
    const groups = objects.flatMap(({ key, sizeBytes, modifiedAt }) => {
      const first = journalNumber(key)
      return first === undefined ? [] : [{ first, sizeBytes, modifiedAt }]
    })
    if (groups.length > 0) yield groups
  }
}

/** Number of the oldest commit that is left; `undefined` without a journal. An empty object says that the journal begins behind its number. */
export async function oldestNumber(context: BucketContext, options: CallOptions): Promise<number | undefined> {
  let begins: number | undefined
  for await (const page of listJournal(context, { ...options, pageSize: 2 })) {
    for (const { first, sizeBytes } of page) {
      if (sizeBytes > 0) return first
      begins = first + 1
    }
  }
  return begins
}
