import { isNexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import { checkJournal } from './check-journal.ts'
import { readPack } from './pack.ts'
import { readStored, type StoredContent } from './read-stored.ts'

/** A place that may hold a content, whatever the index says. */
export type ContentSource = Omit<StoredContent, 'digest' | 'part'>

/** What is known of lost contents outside of the index. */
export interface ContentSources {
  readonly places: ReadonlyMap<string, readonly ContentSource[]>
  /** Contents that are lists of pieces, as their commits say. */
  readonly lists: ReadonlyMap<string, { readonly size: number; readonly pieces: string }>
}

const digestInName = /([0-9a-f]{64})(?:\.\d+)?(?:~\d+)?$/

/** Looks for contents in objects of every key, in packs, in quarantine and in the journal. */
export async function findContentSources(repository: Repository, wanted: ReadonlySet<string>, signal: AbortSignal | undefined): Promise<ContentSources> {
  const places = new Map<string, ContentSource[]>()
  const lists = new Map<string, { size: number; pieces: string }>()
  const add = (digest: string, source: ContentSource): void => {
    if (wanted.has(digest)) places.set(digest, [...(places.get(digest) ?? []), source])
  }
  for (const prefix of ['cas/', 'quarantine/']) {
    for await (const { key, sizeBytes } of repository.contents.list(prefix, { signal })) {
      const [, digest] = digestInName.exec(key) ?? []
      if (digest !== undefined) add(digest, { key, segment: null, offset: 0, size: sizeBytes })
    }
  }
  for await (const { key } of repository.contents.list('packs/', { signal })) {
    for (const { digest, offset, size } of (await readPack(repository, key, { signal })) ?? []) add(digest, { key, segment: null, offset, size })
  }
  await checkJournal(repository, {
    signal,
    onCommit: (header, entry) => {
      for (const { digest, size, at, pieces } of header.contents ?? []) {
        if (at !== undefined) add(digest, { key: null, segment: entry.end.segment, offset: entry.contentOffset + at, size })
        if (pieces !== undefined && wanted.has(digest)) lists.set(digest, { size, pieces })
      }
    },
  })
  return { places, lists }
}

/** The first of these places whose bytes are the content, or the part, of that digest. */
export async function readFromSources(
  repository: Repository,
  digest: string,
  sources: readonly ContentSource[],
): Promise<{ readonly source: ContentSource; readonly bytes: Uint8Array; readonly part: 0 | 1 } | undefined> {
  for (const source of sources) {
    for (const part of [0, 1] as const) {
      const bytes = await readOrNothing(repository, { ...source, digest, part })
      if (bytes !== undefined) return { source, bytes, part }
    }
  }
  return undefined
}

async function readOrNothing(repository: Repository, row: StoredContent): Promise<Uint8Array | undefined> {
  try {
    const found = await readStored(repository, row)
    return typeof found === 'string' ? undefined : found
  } catch (error) {
    // A place that cannot be read at all is none.
    if (isNexusError(error)) return undefined
    throw error
  }
}
