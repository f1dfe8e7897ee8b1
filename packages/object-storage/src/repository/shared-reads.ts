import { isNexusError } from '@nexus/core/contract'
import { readBody } from '../read-body.ts'
import type { BucketContext } from './context.ts'
import { journalKey, type JournalObject, parseJournalObject } from './journal-object.ts'

/** So many contents of one object that were asked for lately tell that more of them will be. */
const sharedBy = 3
/** Longer objects are never fetched for the sake of others' contents; in bytes. */
const maxBytes = 4 * 1024 * 1024
/** Objects whose readers are counted. */
const maxCounted = 64

/** Which objects of the journal contents are read from. A thousand small files that were written together are read back by a few requests. */
export class SharedReads {
  readonly #readers = new Map<number, number>()
  readonly #fetching = new Map<number, Promise<JournalObject | undefined>>()

  /**
   * The object that begins with this commit, when others' contents were read from it lately; those who ask while it is fetched wait for the same answer.
   * @returns `undefined` where the content is to be fetched by itself
   */
  async whole(context: BucketContext, segment: number): Promise<JournalObject | undefined> {
    const readers = (this.#readers.get(segment) ?? 0) + 1
    this.#readers.delete(segment)
    this.#readers.set(segment, readers)
    if (this.#readers.size > maxCounted) this.#readers.delete(this.#readers.keys().next().value ?? segment)
    if (readers < sharedBy) return undefined
    const underWay = this.#fetching.get(segment)
    if (underWay !== undefined) return underWay
    const fetched = fetchShort(context, segment).finally(() => this.#fetching.delete(segment))
    this.#fetching.set(segment, fetched)
    const object = await fetched
    // What is too long, or wrong, is not tried again soon.
    this.#readers.set(segment, object === undefined ? -Infinity : 0)
    return object
  }
}

/** What goes wrong with the whole may be no harm to a part of it: that is asked for by itself, and says what is wrong with it. */
async function fetchShort({ store, codec, cache }: BucketContext, segment: number): Promise<JournalObject | undefined> {
  try {
    const body = await store.get(journalKey(segment))
    if (body === undefined || body.info.sizeBytes > maxBytes) {
      await body?.stream.cancel()
      return undefined
    }
    const object = parseJournalObject(codec, segment, await readBody(body))
    cache.put(object)
    return object
  } catch (error) {
    if (isNexusError(error)) return undefined
    throw error
  }
}
