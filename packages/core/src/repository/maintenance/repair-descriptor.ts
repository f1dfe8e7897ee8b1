import type { CallOptions } from '../../contract/backend.ts'
import { NexusError } from '../../contract/errors.ts'
import type { JournalEntry, JournalStore } from '../../contract/store.ts'
import { parseHeader } from '../commit.ts'
import { encodeDescriptor, newDescriptor } from '../descriptor.ts'
import { type DigestAlgorithm, openHasher } from '../digest.ts'

/**
 * Writes `nexus.json` again from what the journal says: the repository's id from its segments, the algorithm from the digests that chain its commits.
 * @returns The id.
 * @throws NexusError `corrupt` when no segment tells
 */
export async function repairDescriptor(journal: JournalStore, { signal }: CallOptions = {}): Promise<string> {
  const id = await journal.repositoryId({ signal })
  if (id === undefined) throw new NexusError('corrupt', { path: journal.name, reason: 'nexus.json is lost, and no segment of the journal tells whose it is. Restore the repository from a backup.' })
  // A journal is read for its repository alone: first a descriptor with the right id, then one that is right in all.
  const guess = newDescriptor({ id, digest: 'blake3', created: 0 })
  await journal.replaceDescriptor(encodeDescriptor(guess), { signal })
  const entries = await firstEntries(journal, signal)
  const [first] = entries
  const created = first === undefined ? 0 : parseHeader(first.header).time
  await journal.replaceDescriptor(encodeDescriptor({ ...guess, created, digest: await algorithmOf(journal, entries) }), { signal })
  return id
}

async function firstEntries(journal: JournalStore, signal: AbortSignal | undefined): Promise<readonly JournalEntry[]> {
  const oldest = await journal.oldest({ signal })
  return oldest === undefined ? [] : journal.newer({ sequence: oldest - 1, segment: 0, offset: 0 }, { signal })
}

async function algorithmOf(journal: JournalStore, entries: readonly JournalEntry[]): Promise<DigestAlgorithm> {
  const [first, second] = entries
  if (first === undefined) return 'blake3'
  const sha256 = await openHasher('sha256')
  if (second !== undefined) return parseHeader(second.header).previous === sha256.digest(first.header) ? 'sha256' : 'blake3'
  for (const { digest, size, at } of parseHeader(first.header).contents ?? []) {
    if (at === undefined) continue
    const bytes = await journal.readInline({ segment: first.end.segment, offset: first.contentOffset + at, sizeBytes: size })
    return sha256.digest(bytes) === digest ? 'sha256' : 'blake3'
  }
  return 'blake3'
}
