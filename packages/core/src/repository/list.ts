import type { Entry, ListOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { checkCount } from '../contract/check-arguments.ts'
import { joinPath, type Path } from '../contract/paths.ts'
import type { Repository } from './context.ts'
import { createHistory } from './history.ts'
import { presentRow } from './read.ts'
import { entryName, type EntryRow } from './rows.ts'
import { broken } from './run.ts'
import { toEntry } from './to-stat.ts'

const pageSize = 1000

/** Reads one page of a directory. */
type PageReader = (directory: number, after: string, limit: number) => readonly EntryRow[]

/** Lists a directory, or the tree below it in full-key order, page by page, so that memory stays flat. */
export async function* list(repository: Repository, path: Path, options: ListOptions = {}): AsyncGenerator<Entry> {
  const place = { op: 'list', path, signal: options.signal }
  try {
    options.signal?.throwIfAborted()
    repository.enter()
    if (options.limit !== undefined) checkCount(options.limit, 'limit', place)
    const { directory, page } = await openListing(repository, path, options)
    const startAfter = options.startAfter === undefined ? [] : options.startAfter.replace(/^\//, '').split('/')
    const walk = walkTree({ directory, path, startAfter }, { repository, page, recursive: options.recursive ?? false, signal: options.signal })
    let left = options.limit ?? Infinity
    if (left <= 0) return
    for await (const entry of walk) {
      yield entry
      options.signal?.throwIfAborted()
      if (--left <= 0) return
    }
  } catch (error) {
    throw await broken(repository, error, place)
  }
}

async function openListing(repository: Repository, path: Path, { snapshot, signal }: ListOptions): Promise<{ directory: number; page: () => Promise<PageReader> }> {
  if (snapshot !== undefined) return openSnapshotListing(repository, path, { snapshot, signal })
  await repository.refresh(signal)
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

interface Walk {
  readonly repository: Repository
  readonly page: () => Promise<PageReader>
  readonly recursive: boolean
  readonly signal: AbortSignal | undefined
}

async function* walkTree(from: { directory: number; path: Path; startAfter: readonly string[] }, walk: Walk): AsyncGenerator<Entry> {
  const [first, ...rest] = from.startAfter.filter((segment, index) => segment !== '' || index === 0)
  let after = ''
  if (first !== undefined && first !== '') {
    const resumed = (await walk.page())(from.directory, justBefore(`${first}/`), 1)[0]
    const isDirectory = resumed?.key === `${first}/`
    // Both spellings of a directory's name are taken; a recursive listing goes on inside it.
    if (isDirectory && walk.recursive) yield* walkTree({ directory: resumed.node, path: joinPath(from.path, first), startAfter: rest }, walk)
    after = isDirectory || from.startAfter.length > 1 ? `${first}/` : first
  }
  for (;;) {
    walk.signal?.throwIfAborted()
    const rows = (await walk.page())(from.directory, after, pageSize)
    for (const row of rows) {
      yield toEntry(row, from.path, walk.repository.hasher.algorithm)
      if (walk.recursive && row.digest === null) yield* walkTree({ directory: row.node, path: joinPath(from.path, entryName(row)), startAfter: [] }, walk)
    }
    const last = rows.at(-1)
    if (rows.length < pageSize || last === undefined) return
    after = last.key
  }
}

/** A string so little before `name/` that no name people use lies between. */
function justBefore(key: string): string {
  return `${key.slice(0, -1)}.\u{10ffff}`
}
