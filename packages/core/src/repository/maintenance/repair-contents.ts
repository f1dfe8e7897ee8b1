import type { CommitContent } from '../commit.ts'
import type { Repository } from '../context.ts'
import { contentKey } from '../pieces.ts'
import { findContentOwners } from './content-owners.ts'
import type { ContentFault } from './content-problems.ts'
import { type ContentSources, findContentSources, readFromSources } from './content-sources.ts'
import { type IndexSnapshot, withIndexSnapshot } from './index-snapshot.ts'
import { createPace } from './pace.ts'
import type { Proposal } from './trail.ts'
import { Trail } from './trail.ts'
import { readList } from './read-list.ts'
import { contentRows, hasPieces } from './stored-contents.ts'

/** A content that came back may name parts that are lost too: as deep as lists of lists go. */
const rounds = 3

/**
 * Brings lost contents back from wherever else they are whole: objects of other keys, packs, quarantine, the journal. The commit that does it gives
 * them new places.
 * @returns What was done, as sentences.
 */
export async function repairContents(repository: Repository, faults: ReadonlyMap<string, ContentFault>, signal: AbortSignal | undefined): Promise<string[]> {
  const done: string[] = []
  const saved = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    const count = await withIndexSnapshot(repository, signal, async (snapshot) => {
      const wanted = await findWanted(repository, snapshot, { faults, saved, signal })
      const sources = await findContentSources(repository, wanted, signal)
      return saveAll(repository, { wanted, sources, saved, trail: new Trail(repository, { from: snapshot.head, author: 'repair' }), signal })
    })
    if (count === undefined || count.length === 0) break
    done.push(...count)
  }
  return done
}

/** Faulty contents, those that files have and nobody knows, and what lists name and nobody knows. */
async function findWanted(
  repository: Repository,
  { database }: IndexSnapshot,
  { faults, saved, signal }: { faults: ReadonlyMap<string, ContentFault>; saved: ReadonlySet<string>; signal: AbortSignal | undefined },
): Promise<Set<string>> {
  const pace = createPace(signal)
  const wanted = new Set([...faults.keys()].filter((digest) => !saved.has(digest)))
  for (const { digest } of await findContentOwners(database, [], pace)) wanted.add(digest)
  for (const { pieces } of contentRows(database, hasPieces)) {
    const list = pieces === null ? undefined : await readList(repository, pieces)
    if (pieces !== null && list === undefined) wanted.add(pieces)
    for (const part of list?.parts ?? []) if (repository.view.content(part) === undefined) wanted.add(part)
    await pace()
  }
  return wanted
}

interface Saving {
  readonly wanted: ReadonlySet<string>
  readonly sources: ContentSources
  readonly saved: Set<string>
  readonly trail: Trail
  readonly signal: AbortSignal | undefined
}

async function saveAll(repository: Repository, { wanted, sources, saved, trail, signal }: Saving): Promise<string[]> {
  const done: string[] = []
  for (const digest of wanted) {
    const found = await propose(repository, digest, { sources, signal })
    if (found === undefined) continue
    await trail.commit(() => found.proposal, signal)
    saved.add(digest)
    done.push(`The content ${repository.hasher.algorithm}:${digest} was brought back from ${found.from}.`)
  }
  return done
}

async function propose(
  repository: Repository,
  digest: string,
  { sources, signal }: Pick<Saving, 'sources' | 'signal'>,
): Promise<{ readonly proposal: Proposal; readonly from: string } | undefined> {
  const list = sources.lists.get(digest)
  if (list !== undefined) return repository.view.content(digest) === undefined ? { proposal: { contents: [{ digest, ...list }] }, from: 'the commit that stored it' } : undefined
  const found = await readFromSources(repository, digest, sources.places.get(digest) ?? [])
  if (found === undefined) return undefined
  const { source, bytes, part } = found
  const base = { digest, size: bytes.length, ...(part === 1 ? { part: true as const } : {}) }
  if (source.key?.startsWith('cas/') === true) return { proposal: { contents: [{ ...base, key: source.key }] }, from: source.key }
  const key = contentKey(digest, repository.position.sequence + 1)
  const staged = await repository.contents.stage(key, bytes, { durability: 'fsync', signal })
  const content: CommitContent = { ...base, key }
  return { proposal: { contents: [content], staged: [staged] }, from: source.key ?? 'the journal' }
}
