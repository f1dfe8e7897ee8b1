import type { CallOptions, FileVersion } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { Repository } from './context.ts'
import { createHistory, type NamedFile } from './history.ts'
import { broken } from './run.ts'
import { toVersion } from './to-stat.ts'

const pageSize = 1000

/** Lists the kept versions of a file, newest first; also of one that was deleted. */
export async function* versions(repository: Repository, path: Path, { signal }: CallOptions = {}): AsyncGenerator<FileVersion> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    const { algorithm } = repository.hasher
    for (const { node, last, isCurrent } of await filesNamed(repository, path, signal)) {
      if (last?.digest != null) yield toVersion({ ...last, digest: last.digest }, path, { algorithm, current: isCurrent })
      yield* keptVersions(repository, { node, path, below: last?.version ?? Number.MAX_SAFE_INTEGER }, signal)
    }
  } catch (error) {
    throw await broken(repository, error, { op: 'versions', path, signal })
  }
}

async function filesNamed(repository: Repository, path: Path, signal: AbortSignal | undefined): Promise<readonly NamedFile[]> {
  const reader = await repository.settleIndex(signal)
  if (repository.view.findDirectory(path) !== undefined) throw new NexusError('is_directory')
  const history = reader === undefined ? undefined : createHistory(reader.database)
  const files = (history?.filesAt(path) ?? []).filter(({ node, last }) => last !== undefined || history?.versions(node, Number.MAX_SAFE_INTEGER, 1).length !== 0)
  if (files.length === 0) throw new NexusError('not_found')
  return files
}

async function* keptVersions(
  repository: Repository,
  { node, path, below }: { readonly node: number; readonly path: Path; readonly below: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<FileVersion> {
  for (let before = below; ; ) {
    signal?.throwIfAborted()
    const reader = await repository.settleIndex(signal)
    const rows = reader === undefined ? [] : createHistory(reader.database).versions(node, before, pageSize)
    for (const row of rows) {
      if (row.digest !== null) yield toVersion({ ...row, digest: row.digest }, path, { algorithm: repository.hasher.algorithm, current: false })
      before = row.version
    }
    if (rows.length < pageSize) return
  }
}
