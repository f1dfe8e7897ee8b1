import type Database from 'better-sqlite3'
import type { CallOptions } from '../../contract/backend.ts'
import type { Repository } from '../context.ts'
import { createHistory } from '../history.ts'
import { isGone, listCheckpoints, openCheckpoint } from './checkpoint-file.ts'
import { readPack } from './pack.ts'
import type { RepositoryProblem } from './problem.ts'

interface ObjectCheckOptions extends CallOptions {
  readonly readData: boolean
}

/** Checks checkpoints by their digest and packs by their checksums. */
export async function checkObjects(repository: Repository, { readData, signal }: ObjectCheckOptions): Promise<RepositoryProblem[]> {
  const problems: RepositoryProblem[] = []
  for (const { key } of await listCheckpoints(repository.contents, signal)) {
    if ((await openCheckpoint(repository, key, signal)) !== undefined || (await isGone(repository.contents, key, signal))) continue
    problems.push({ kind: 'checkpoint', key, message: 'The checkpoint is damaged. It is not needed as long as the journal or another one covers its commits; `nexus-fs compact` replaces it.' })
  }
  for await (const { key } of repository.contents.list('packs/', { signal })) {
    if ((await readPack(repository, key, { readData, signal })) !== undefined) continue
    problems.push({ kind: 'pack', key, message: readData ? 'The pack does not match its checksums; the contents in it that are damaged are told with their files.' : 'The header of the pack is damaged or the pack is cut short.' })
  }
  return problems
}

/** Checks that every named snapshot still shows a directory or file. */
export function checkSnapshots(database: Database.Database): RepositoryProblem[] {
  const history = createHistory(database)
  const snapshots = database.prepare<[], { node: number; name: string; sequence: number }>('SELECT node, name, sequence FROM snapshots ORDER BY node, name').all()
  const isFile = database.prepare('SELECT 1 FROM versions WHERE node = ? UNION ALL SELECT 1 FROM entries WHERE node = ? AND digest IS NOT NULL LIMIT 1')
  return snapshots
    .filter(({ node, sequence }) => history.pathOf(node, sequence) === undefined && isFile.get(node, node) === undefined)
    .map(({ name }) => ({ kind: 'snapshot', message: `The snapshot "${name}" shows nothing any more: where it was taken is forgotten.` }))
}
