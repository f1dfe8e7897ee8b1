import type Database from 'better-sqlite3'
import { compareUtf8 } from '../../contract/paths.ts'
import type { Repository } from '../context.ts'
import { findContentOwners } from './content-owners.ts'
import type { Pace } from './pace.ts'
import type { RepositoryProblem } from './problem.ts'
import { readList } from './read-list.ts'
import { contentRows, hasPieces } from './stored-contents.ts'

/** What is wrong with the bytes of a content: why, and where they are kept. */
export interface ContentFault {
  readonly message: string
  readonly key: string | null
}

/** Adds the contents that are made of faulty ones, or whose parts are not known at all. @param faults By digest; gets what is found. */
export async function spreadFaults(repository: Repository, { database, faults, pace }: { database: Database.Database; faults: Map<string, ContentFault>; pace: Pace }): Promise<void> {
  for (const { digest, pieces } of contentRows(database, hasPieces)) {
    const list = pieces === null || faults.has(pieces) ? undefined : await readList(repository, pieces)
    const broken = list?.parts.find((part) => faults.has(part) || repository.view.content(part) === undefined)
    if (list === undefined) faults.set(digest, { message: 'its list of pieces cannot be read', key: null })
    else if (broken !== undefined) faults.set(digest, { message: `a part of it ${faults.get(broken)?.message ?? 'was put in quarantine'}`, key: faults.get(broken)?.key ?? null })
    await pace()
  }
}

/** Tells faults as problems of files and versions; contents that are not known at all are told too. One that no file has is told by its digest alone. */
export async function toContentProblems(
  repository: Repository,
  { database, faults, pace }: { readonly database: Database.Database; readonly faults: ReadonlyMap<string, ContentFault>; readonly pace: Pace },
): Promise<RepositoryProblem[]> {
  const owners = await findContentOwners(database, faults.keys(), pace)
  owners.sort((left, right) => compareUtf8(left.path ?? '', right.path ?? '') || right.version - left.version)
  const owned = new Set(owners.map(({ digest }) => digest))
  const named = (digest: string): string => `${repository.hasher.algorithm}:${digest}`
  return [
    ...owners.map(({ digest, version, path }) => ({ kind: 'content' as const, ...(path === undefined ? {} : { path }), version: String(version), digest: named(digest), ...describe(faults.get(digest)) })),
    ...[...faults].filter(([digest]) => !owned.has(digest)).map(([digest, fault]) => ({ kind: 'content' as const, digest: named(digest), ...describe(fault) })),
  ]
}

function describe(fault: ContentFault | undefined): { readonly key?: string; readonly message: string } {
  if (fault === undefined) return { message: 'The content was found damaged before and is in quarantine.' }
  return { ...(fault.key === null ? {} : { key: fault.key }), message: `The content cannot be read: ${fault.message}.` }
}
