import type { CallOptions, JournalEntry, JournalPosition, NexusError } from '@nexus/core/contract'
import type { BucketContext } from './context.ts'
import { fetchObject } from './fetch-object.ts'
import { corruptJournal, goneFromJournal, journalKey, type JournalObject } from './journal-object.ts'
import { listJournal, oldestNumber } from './list-journal.ts'

const objectsAtOnce = 8
/** Objects that are looked for by one listing. */
const pageSize = 64
/** Bytes that one step takes into memory. */
const stepBytes = 16 * 1024 * 1024
/** After so many new objects in a row it is cheaper to list what else there is. */
const longStreak = 4

/** Commits behind `position`: one small request when there is nothing new, none when this process knows them. */
export async function newer(context: BucketContext, position: JournalPosition, options: CallOptions = {}): Promise<readonly JournalEntry[]> {
  const { cache, now } = context
  const rest = await restOfObject(context, position, options)
  if (rest.length > 0) return rest
  const next = position.sequence + 1
  const known = cache.get(next)
  if (known !== undefined) return known.entries
  if (cache.isStale || cache.streak >= longStreak || position.sequence < cache.tail.sequence) return newerByListing(context, position, options)
  const began = now()
  const object = await fetchObject(context, next, options)
  if (object === undefined) {
    cache.advance(position)
    cache.sawEnd(began)
    return []
  }
  cache.streak++
  return object.entries
}

/** All that is known to stand behind `position`. */
export async function knownAfter(context: BucketContext, position: JournalPosition, options: CallOptions): Promise<readonly JournalEntry[]> {
  const all: JournalEntry[] = []
  for (let at = position; at.sequence < context.cache.tail.sequence; at = all.at(-1)?.end ?? at) {
    const entries = await newer(context, at, options)
    if (entries.length === 0) throw goneFromJournal(context.store.name, at.sequence + 1)
    all.push(...entries)
  }
  return all
}

/**
 * Learns of the journal up to a commit, and to the end of the object that holds it: only behind an object may the next one stand.
 * @returns Whether there is such a commit.
 */
export async function reach(context: BucketContext, position: JournalPosition, options: CallOptions): Promise<boolean> {
  const { cache } = context
  // What stands in the position's own object behind it is read along.
  if (position.segment !== 0 && position.sequence > cache.tail.sequence) await newer(context, position, options)
  while (cache.tail.sequence < position.sequence) if ((await newer(context, cache.tail, options)).length === 0) return false
  return true
}

/** A writer that has not seen the end for long might put a number that has come and gone: it lists before. */
export async function seeEnd(context: BucketContext, signal: AbortSignal | undefined): Promise<void> {
  const { cache } = context
  while (cache.isStale) await newer(context, cache.tail, { signal })
}

/** The entry that ends at `position`. */
export async function entryAt(context: BucketContext, position: JournalPosition, options: CallOptions = {}): Promise<JournalEntry | undefined> {
  if (position.segment === 0) return undefined
  const object = context.cache.get(position.segment) ?? (await fetchObject(context, position.segment, options))
  return object?.entries.find(({ end }) => end.sequence === position.sequence && end.offset === position.offset)
}

/** What follows in the object that holds the position's commit. */
async function restOfObject(context: BucketContext, position: JournalPosition, options: CallOptions): Promise<readonly JournalEntry[]> {
  if (context.cache.isEnd(position)) return []
  const object = context.cache.get(position.segment) ?? (await fetchObject(context, position.segment, options))
  return object?.entries.filter(({ sequence }) => sequence > position.sequence) ?? []
}

async function newerByListing(context: BucketContext, position: JournalPosition, options: CallOptions): Promise<readonly JournalEntry[]> {
  const { cache, now, store } = context
  const began = now()
  const page = await firstPage(context, position.sequence, options)
  if (page.length === 0) {
    cache.advance(position)
    cache.sawEnd(began)
    return []
  }
  let bytes = 0
  const wanted = page.filter(({ sizeBytes }) => (bytes += sizeBytes) <= stepBytes || bytes === sizeBytes)
  const objects: JournalObject[] = []
  for (let start = 0; start < wanted.length; start += objectsAtOnce) {
    const some = wanted.slice(start, start + objectsAtOnce)
    const fetched = await Promise.all(some.map(({ first: number }) => Promise.resolve(cache.get(number) ?? fetchObject(context, number, options))))
    for (const [index, object] of fetched.entries()) {
      if (object === undefined) throw goneFromJournal(store.name, some[index]?.first ?? position.sequence + 1)
      const before = objects.at(-1)?.end.sequence ?? position.sequence
      if (object.first !== before + 1) throw await gap(context, before + 1, options)
      objects.push(object)
    }
  }
  if (wanted.length === page.length && page.length < pageSize) cache.sawEnd(began)
  else cache.streak = longStreak
  return objects.flatMap(({ entries }) => entries)
}

async function firstPage(context: BucketContext, after: number, options: CallOptions): Promise<readonly { readonly first: number; readonly sizeBytes: number }[]> {
  for await (const page of listJournal(context, { ...options, after, pageSize })) return page
  return []
}

/** Why a number is missing though there are larger ones. */
async function gap(context: BucketContext, missing: number, options: CallOptions): Promise<NexusError> {
  const oldest = await oldestNumber(context, options)
  if (oldest !== undefined && oldest > missing) return goneFromJournal(context.store.name, missing)
  return corruptJournal(journalKey(missing), `The journal goes on behind commit ${missing}, which is missing.`)
}
