import { type CallOptions, type InlineLocation, isNexusError } from '@nexus/core/contract'
import { readBody } from '../read-body.ts'
import { repeatedly } from './attempts.ts'
import type { BucketContext } from './context.ts'
import { corruptJournal, goneFromJournal, journalKey, type JournalObject, parseJournalObject } from './journal-object.ts'

/** Bytes of an inline content. @throws NexusError `not_found`, `corrupt` */
export async function readInline(context: BucketContext, { segment, offset, sizeBytes }: InlineLocation): Promise<Uint8Array> {
  if (sizeBytes === 0) return new Uint8Array(0)
  const known = context.cache.get(segment) ?? (await context.reads.whole(context, segment))
  if (known !== undefined && offset + sizeBytes <= known.bytes.length) return known.bytes.slice(offset, offset + sizeBytes)
  const key = journalKey(segment)
  const bytes = await repeatedly(context, undefined, async () => {
    const body = await context.store.get(key, { range: { offset, length: sizeBytes } })
    return body === undefined ? undefined : readBody(body)
  })
  if (bytes === undefined) throw goneFromJournal(key, segment)
  if (bytes.length === sizeBytes) return bytes
  throw corruptJournal(key, `${sizeBytes} bytes are expected at byte ${offset}, and the object ends after ${bytes.length} of them.`)
}

/** An object of the journal, past the cache; what reads wrong is read once more. */
export async function fetchObject(context: BucketContext, first: number, options: CallOptions): Promise<JournalObject | undefined> {
  try {
    return await fetchOnce(context, first, options)
  } catch (error) {
    if (!isNexusError(error, 'corrupt')) throw error
    return fetchOnce(context, first, options)
  }
}

async function fetchOnce(context: BucketContext, first: number, { signal }: CallOptions): Promise<JournalObject | undefined> {
  const bytes = await repeatedly(context, signal, async () => {
    const body = await context.store.get(journalKey(first), { signal })
    return body === undefined ? undefined : readBody(body)
  })
  if (bytes === undefined) return undefined
  const object = parseJournalObject(context.codec, first, bytes)
  context.cache.put(object)
  return object
}
