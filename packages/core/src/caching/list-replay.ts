import type { Backend, Entry, ListOptions } from '../contract/backend.ts'
import { compareUtf8, type Path } from '../contract/paths.ts'
import { keyBelow } from './listing-key.ts'
import type { KeptListing, ListingTables } from './listing-tables.ts'
import type { ScopeMemory } from './scope-memory.ts'
import { decodePage } from './stat-record.ts'

/** A kept listing, and what is wanted of it. */
export interface Replay {
  readonly inner: Backend
  readonly listing: KeptListing
  readonly path: Path
  readonly options: ListOptions
  readonly memory: Pick<ScopeMemory, 'use' | 'isClosed'>
}

/** Where a rest of a kept listing begins; `undefined` where the kept one cannot tell. */
export function resumeKey(listings: ListingTables, listing: KeptListing, { startAfter = '' }: ListOptions): string | undefined {
  if (startAfter === '') return ''
  if (!listing.isOrdered || startAfter.includes('%')) return undefined
  if (startAfter.endsWith('/') || holds(listings, listing, startAfter)) return startAfter
  // A directory may be named without its slash, unless a file has the name too.
  return holds(listings, listing, `${startAfter}/`) ? `${startAfter}/` : startAfter
}

/** The entries behind `after`, as many as asked for. A listing that is forgotten meanwhile is gone on with by asking. */
export async function* replayList({ inner, listing, path, options, memory }: Replay, after: string): AsyncGenerator<Entry> {
  const { limit = Infinity, signal } = options
  let count = 0
  let last: string | undefined
  for (let index = 0; count < limit; index++) {
    const page = memory.isClosed() ? undefined : await memory.use(({ listings }) => ({ text: listings.page(listing.id, index), isKept: listings.isKept(listing.id) }), signal)
    if (page?.text === undefined && page?.isKept === true) return
    if (page?.text === undefined) {
      yield* inner.list(path, { ...options, startAfter: last ?? options.startAfter, ...(limit !== Infinity && { limit: limit - count }) })
      return
    }
    for (const entry of decodePage(page.text)) {
      const key = keyBelow(path, entry)
      if (after !== '' && compareUtf8(key, after) <= 0) continue
      if (count++ >= limit) return
      signal?.throwIfAborted()
      last = key
      yield entry
    }
  }
}

function holds(listings: ListingTables, { id, path }: KeptListing, key: string): boolean {
  const page = listings.pageWith(id, key)
  return page !== undefined && decodePage(page).some((entry) => keyBelow(path, entry) === key)
}
