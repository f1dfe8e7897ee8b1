import type { CallOptions } from '../../contract/backend.ts'
import { isNexusError, NexusError } from '../../contract/errors.ts'
import type { ContentStore, JournalEntry, JournalStore } from '../../contract/store.ts'
import { type CommitContent, parseHeader } from '../commit.ts'
import type { Descriptor } from '../context.ts'
import { encodeDescriptor, newDescriptor } from '../descriptor.ts'
import { type DigestAlgorithm, type Hasher, openHasher } from '../digest.ts'
import { checkpointLines, listCheckpoints, openCheckpoint } from './checkpoint-file.ts'
import { readStored } from './read-stored.ts'

interface Storage {
  readonly journal: JournalStore
  readonly contents: ContentStore
}

/**
 * Writes `nexus.json` again: the repository's id from the segments of its journal, the rest from a whole checkpoint, and without one the algorithm
 * from the digests that chain commits or name contents.
 * @returns The id.
 * @throws NexusError `corrupt` when no segment tells
 */
export async function repairDescriptor(storage: Storage, { signal }: CallOptions = {}): Promise<string> {
  const { journal } = storage
  const id = await journal.repositoryId({ signal })
  if (id === undefined) throw new NexusError('corrupt', { path: journal.name, reason: 'nexus.json is lost, and no segment of the journal tells whose it is. Restore the repository from a backup.' })
  // A journal is read for its repository alone: first a descriptor with the right id, then one that is right in all.
  const guess = newDescriptor({ id, digest: 'blake3', created: 0 })
  await journal.replaceDescriptor(encodeDescriptor(guess), { signal })
  const told = (await fromCheckpoint(storage, guess, signal)) ?? (await fromJournal(storage, guess, signal))
  await journal.replaceDescriptor(encodeDescriptor(told), { signal })
  return id
}

/** A checkpoint is named by a digest of its own lines, and says all that the descriptor said. */
async function fromCheckpoint({ contents }: Storage, guess: Descriptor, signal: AbortSignal | undefined): Promise<Descriptor | undefined> {
  for (const digest of ['blake3', 'sha256'] as const) {
    const store = { contents, hasher: await openHasher(digest) }
    for (const { key } of await listCheckpoints(contents, signal)) {
      if ((await openCheckpoint(store, key, signal)) === undefined) continue
      for await (const head of checkpointLines(store, key, signal)) {
        if (head['repository'] === guess.id) return { ...guess, digest, created: Number(head['created']), inlineLimitBytes: Number(head['inlineLimitBytes']) }
        break
      }
    }
  }
  return undefined
}

async function fromJournal(storage: Storage, guess: Descriptor, signal: AbortSignal | undefined): Promise<Descriptor> {
  const entries = await firstEntries(storage.journal, signal)
  const [first] = entries
  const created = first === undefined ? 0 : parseHeader(first.header).time
  return { ...guess, created, digest: await algorithmOf(storage, entries) }
}

async function firstEntries(journal: JournalStore, signal: AbortSignal | undefined): Promise<readonly JournalEntry[]> {
  const oldest = await journal.oldest({ signal })
  return oldest === undefined ? [] : journal.newer({ sequence: oldest - 1, segment: 0, offset: 0 }, { signal })
}

/** A repository of one commit that brought no content has no digest in it: then either algorithm is right. */
async function algorithmOf(storage: Storage, entries: readonly JournalEntry[]): Promise<DigestAlgorithm> {
  const [first, second] = entries
  if (first === undefined) return 'blake3'
  const sha256 = await openHasher('sha256')
  if (second !== undefined) return parseHeader(second.header).previous === sha256.digest(first.header) ? 'sha256' : 'blake3'
  for (const content of parseHeader(first.header).contents ?? []) {
    if (await isContent({ ...storage, hasher: sha256 }, { first, content })) return 'sha256'
  }
  return 'blake3'
}

async function isContent(source: Storage & { readonly hasher: Hasher }, { first, content }: { first: JournalEntry; content: CommitContent }): Promise<boolean> {
  const { digest, size, at, key = null, part } = content
  if (at === undefined && key === null) return false
  try {
    const found = await readStored(source, { digest, size, key, segment: first.end.segment, offset: at === undefined ? 0 : first.contentOffset + at, part: part === true ? 1 : 0 })
    return typeof found !== 'string'
  } catch (error) {
    // What cannot be read tells nothing; another content may.
    if (isNexusError(error)) return false
    throw error
  }
}
