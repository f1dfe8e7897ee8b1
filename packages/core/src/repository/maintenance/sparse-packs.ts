import type Database from 'better-sqlite3'
import type { Repository } from '../context.ts'
import { createPace } from './pace.ts'
import { contentRows } from './stored-contents.ts'

/** A pack is packed again when less than this share of it is known. */
const leastShare = 0.5

/** Keys of packs that hold mostly what nobody knows any more. */
export async function findSparsePacks(repository: Repository, database: Database.Database, signal: AbortSignal | undefined): Promise<string[]> {
  const living = new Map<string, number>()
  const pace = createPace(signal)
  for (const { key, size } of contentRows(database, "key >= 'packs/' AND key < 'packs0'")) {
    if (key !== null) living.set(key, (living.get(key) ?? 0) + size)
    await pace()
  }
  const sparse: string[] = []
  for await (const { key, sizeBytes } of repository.contents.list('packs/', { signal })) {
    const bytes = living.get(key)
    if (bytes !== undefined && bytes < sizeBytes * leastShare) sparse.push(key)
  }
  return sparse
}
