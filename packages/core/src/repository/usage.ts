import type Database from 'better-sqlite3'
import type { CallOptions, Usage } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import type { Repository } from './context.ts'
import { presentRow } from './read.ts'
import { broken } from './run.ts'

/** Counts a tree; each content is counted once in `storedBytes`. */
export async function usage(repository: Repository, path: Path, { signal }: CallOptions = {}): Promise<Usage> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    const reader = await repository.settleIndex(signal)
    const row = presentRow(repository, path)
    if (reader === undefined) return { files: 0, directories: 0, logicalBytes: 0, storedBytes: 0 }
    if (row.digest !== null) return { files: 1, directories: 0, logicalBytes: row.size, storedBytes: row.size }
    return countTree(reader.database, row.node)
  } catch (error) {
    throw await broken(repository, error, { op: 'usage', path, signal })
  }
}

function countTree(database: Database.Database, node: number): Usage {
  const tree = 'WITH RECURSIVE tree(node) AS (VALUES(?) UNION ALL SELECT e.node FROM entries e JOIN tree t ON e.directory = t.node WHERE e.digest IS NULL)'
  const totals = database
    .prepare<[number], { files: number; directories: number; bytes: number }>(`${tree} SELECT count(e.digest) AS files, count(*) - count(e.digest) AS directories, coalesce(sum(e.size), 0) AS bytes FROM entries e JOIN tree t ON e.directory = t.node`)
    .get(node)
  const stored = database
    .prepare<[number], { bytes: number }>(`${tree} SELECT coalesce(sum(size), 0) AS bytes FROM (SELECT DISTINCT e.digest, e.size FROM entries e JOIN tree t ON e.directory = t.node WHERE e.digest IS NOT NULL)`)
    .get(node)
  return { files: totals?.files ?? 0, directories: totals?.directories ?? 0, logicalBytes: totals?.bytes ?? 0, storedBytes: stored?.bytes ?? 0 }
}
