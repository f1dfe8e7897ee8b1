import type { Entry, ListOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { checkCount } from '../contract/check-arguments.ts'
import type { Path } from '../contract/paths.ts'
import type { Repository } from './context.ts'
import { createHistory } from './history.ts'
import { presentRow } from './read.ts'
import { broken } from './run.ts'
import { type PageReader, walkTree } from './walk-tree.ts'

/** Lists a directory, or the tree below it in full-key order, page by page, so that memory stays flat. */
export async function* list(repository: Repository, path: Path, options: ListOptions = {}): AsyncGenerator<Entry> {
  const place = { op: 'list', path, signal: options.signal }
  try {
    options.signal?.throwIfAborted()
    repository.enter()
    if (options.limit !== undefined) checkCount(options.limit, 'limit', place)
    const { directory, page } = await openListing(repository, path, options)
    const startAfter = options.startAfter === undefined ? [] : options.startAfter.replace(/^\//, '').split('/')
    let left = options.limit ?? Infinity
    if (left <= 0) return
    for await (const entries of walkTree({ directory, path, startAfter, page, recursive: options.recursive ?? false, algorithm: repository.hasher.algorithm })) {
      for (const entry of entries) {
        yield entry
        options.signal?.throwIfAborted()
        if (--left <= 0) return
      }
    }
  } catch (error) {
    throw await broken(repository, error, place)
  }
}

async function openListing(repository: Repository, path: Path, { snapshot, fresh, signal }: ListOptions): Promise<{ directory: number; page: () => Promise<PageReader> }> {
  if (snapshot !== undefined) return openSnapshotListing(repository, path, { snapshot, signal })
  await repository.refresh(signal, fresh)
  const row = presentRow(repository, path)
  if (row.digest !== null) throw new NexusError('not_directory')
  const read: PageReader = (directory, after, limit) => repository.view.children(directory, after, limit)
  return {
    directory: row.node,
    page: async () => {
      await repository.refresh(signal)
      return read
    },
  }
}

async function openSnapshotListing(repository: Repository, path: Path, { snapshot, signal }: { snapshot: string; signal: AbortSignal | undefined }): ReturnType<typeof openListing> {
  const open = async (): Promise<{ sequence: number; history: ReturnType<typeof createHistory> }> => {
    const reader = await repository.settleIndex(signal)
    const history = reader === undefined ? undefined : createHistory(reader.database)
    const sequence = history?.snapshot(path, snapshot)
    if (history === undefined || sequence === undefined) throw new NexusError('not_found', { reason: `There is no snapshot "${snapshot}" of this path or a directory above it.` })
    return { sequence, history }
  }
  const { sequence, history } = await open()
  const row = history.at(path, sequence)
  if (row === undefined) throw new NexusError('not_found', { reason: `It was not there when the snapshot "${snapshot}" was taken.` })
  if (row.digest !== null) throw new NexusError('not_directory')
  return {
    directory: row.node,
    page: async () => {
      const current = await open()
      return (directory, after, limit) => current.history.childrenAt(directory, { sequence: current.sequence, after, limit })
    },
  }
}
