import type Database from 'better-sqlite3'
import type { Metadata } from '../../contract/backend.ts'
import type { Operation } from '../commit.ts'
import type { Repository } from '../context.ts'
import { type ContentOwner, findContentOwners } from './content-owners.ts'
import { type ContentFault, spreadFaults } from './content-problems.ts'
import { type IndexSnapshot, withIndexSnapshot } from './index-snapshot.ts'
import { isLoose, makeContentsDurable } from './make-durable.ts'
import { createPace } from './pace.ts'
import type { RepositoryProblem } from './problem.ts'
import { quarantineContent } from './quarantine.ts'
import { readStoredTwice } from './read-stored.ts'
import { contentRows } from './stored-contents.ts'
import { Trail } from './trail.ts'

/**
 * After a power cut: reads the contents that were acknowledged under `os` and never synced. What is whole is put on disk; a file whose newest content
 * is lost goes back to its last whole version, by a commit, and is told.
 */
export async function recoverContents(repository: Repository, signal: AbortSignal | undefined): Promise<readonly RepositoryProblem[]> {
  const recovered = await withIndexSnapshot(repository, signal, async (snapshot) => {
    const faults = await findLost(repository, snapshot.database, signal)
    if (faults.size === 0) return []
    for (const digest of faults.keys()) await quarantineContent(repository, digest, snapshot.head)
    await spreadFaults(repository, { database: snapshot.database, faults, pace: createPace(signal) })
    return fallBack(repository, snapshot, { faults, signal })
  })
  await makeContentsDurable(repository, { signal })
  return recovered ?? []
}

async function findLost(repository: Repository, database: Database.Database, signal: AbortSignal | undefined): Promise<Map<string, ContentFault>> {
  const pace = createPace(signal)
  const faults = new Map<string, ContentFault>()
  for (const row of contentRows(database, isLoose)) {
    const found = await readStoredTwice(repository, row, signal)
    if (typeof found === 'string') faults.set(row.digest, { message: `it is ${found}`, key: row.key })
    await pace()
  }
  return faults
}

interface KeptVersion {
  readonly version: number
  readonly digest: string
  readonly size: number
  readonly type: string | null
  readonly metadata: string | null
}

async function fallBack(
  repository: Repository,
  { database, head }: IndexSnapshot,
  { faults, signal }: { faults: ReadonlyMap<string, ContentFault>; signal: AbortSignal | undefined },
): Promise<RepositoryProblem[]> {
  const trail = new Trail(repository, { from: head, author: 'recovery' })
  const versions = database.prepare<[number, number], KeptVersion>('SELECT version, digest, size, type, metadata FROM versions WHERE node = ? AND version < ? ORDER BY version DESC')
  const isKnown = (digest: string): boolean => !faults.has(digest) && repository.view.content(digest) !== undefined
  const recovered: RepositoryProblem[] = []
  for (const owner of await findContentOwners(database, faults.keys(), createPace(signal))) {
    if (owner.place === undefined || !faults.has(owner.digest)) continue
    const older = versions.all(owner.node, owner.version).find(({ digest }) => isKnown(digest))
    if (older !== undefined) await commitFallback(repository, { owner, older, trail, signal })
    recovered.push(toProblem(repository, owner, older))
  }
  return recovered
}

async function commitFallback(
  repository: Repository,
  { owner, older, trail, signal }: { owner: ContentOwner; older: KeptVersion; trail: Trail; signal: AbortSignal | undefined },
): Promise<void> {
  await trail.commit(async () => {
    await repository.refresh(signal, true)
    return { operations: planFallback(repository, owner, older) }
  }, signal)
}

/** Nothing when somebody has written the file since. */
function planFallback(repository: Repository, { place, node, version }: ContentOwner, { digest, size, type, metadata }: KeptVersion): Operation[] {
  if (place === undefined || repository.view.entry(place.directory, place.name)?.version !== version) return []
  const base = { op: 'write' as const, node, replaces: version, ...place, digest, size }
  return [{ ...base, ...(type === null ? {} : { type }), ...(metadata === null ? {} : { metadata: JSON.parse(metadata) as Metadata }) }]
}

function toProblem({ hasher }: Repository, { path, version, digest }: ContentOwner, older: KeptVersion | undefined): RepositoryProblem {
  const now = older === undefined ? 'No whole version of it is left; write it again, or restore it from a backup.' : `It shows version ${older.version} again.`
  return { kind: 'recovered', ...(path === undefined ? {} : { path }), version: String(version), digest: `${hasher.algorithm}:${digest}`, message: `A power cut took the content of this version. ${now}` }
}
