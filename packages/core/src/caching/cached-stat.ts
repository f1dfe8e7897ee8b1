import type { FileStat } from '../contract/backend.ts'
import { parentPath, type Path } from '../contract/paths.ts'
import { ancestorsOf } from './change-slots.ts'
import { keyBelow } from './listing-key.ts'
import type { KeptStat } from './stat-tables.ts'
import type { ScopeTables } from './metadata-store.ts'
import { decodePage } from './stat-record.ts'

/** Whether an answer of that time may still be given. */
export type IsFresh = (seenAt: number) => boolean

/** A file that was absent is looked for again after so long, whatever the mount's freshness: people wait for files to appear. In milliseconds. */
export const negativeFreshnessMs = 1000

/**
 * What is known of a path without asking: from its own row, else from a listing that shows all that a stat would tell.
 * @returns `undefined` where nothing is known that is fresh
 */
export function findStat(tables: ScopeTables, path: Path, isFresh: IsFresh): KeptStat | undefined {
  const kept = tables.stats.find(path)
  return kept !== undefined && isFresh(kept.seenAt) ? kept : findInListings(tables, path, isFresh)
}

function findInListings({ listings }: ScopeTables, path: Path, isFresh: IsFresh): KeptStat | undefined {
  if (path === '/') return undefined
  const parent = parentPath(path)
  for (const directory of ancestorsOf(path)) {
    for (const recursive of directory === parent ? [false, true] : [true]) {
      const listing = listings.find(directory, recursive)
      if (listing?.isOrdered !== true || !isFresh(listing.seenAt)) continue
      const stat = findInListing(listings, { id: listing.id, directory }, path)
      if (stat !== undefined) return { seenAt: listing.seenAt, stat }
    }
  }
  return undefined
}

interface Listed {
  readonly id: number
  readonly directory: Path
}

function findInListing(listings: ScopeTables['listings'], { id, directory }: Listed, path: Path): FileStat | undefined {
  for (const kind of ['file', 'directory'] as const) {
    const page = listings.pageWith(id, keyBelow(directory, { path, kind }))
    const entry = page === undefined ? undefined : decodePage(page).find((one) => one.path === path && one.kind === kind)
    if (entry === undefined) continue
    const { name: _name, ...told } = entry
    const { metadata } = told
    // Listings of most object stores tell neither content type nor attributes of a file.
    return metadata === undefined || (kind === 'file' && told.etag === undefined) ? undefined : { ...told, metadata }
  }
  return undefined
}
