import type { Entry, FileVersion, ListOptions, Snapshot, Usage } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { checkCount } from '../facade/check-arguments.ts'
import { joinPath, type Path } from '../contract/paths.ts'
import type { Repository } from './context.ts'
import { createHistory } from './history.ts'
import { presentRow } from './read.ts'
import { entryName, type EntryRow } from './rows.ts'
import { broken } from './run.ts'
import { toEntry, toVersion } from './to-stat.ts'

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

/** Lists the kept versions of a file, newest first; also of one that was deleted. */
export async function* versions(repository: Repository, path: Path, { signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<FileVersion> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    const { algorithm } = repository.hasher
    for (const { node, live } of await filesNamed(repository, path, signal)) {
      if (live?.digest != null) yield toVersion({ ...live, digest: live.digest }, path, { algorithm, current: true })
      yield* keptVersions(repository, { node, path, below: live?.version ?? Number.MAX_SAFE_INTEGER }, signal)
    }
  } catch (error) {
    throw await broken(repository, error, { op: 'versions', path, signal })
  }
}

async function filesNamed(repository: Repository, path: Path, signal: AbortSignal | undefined): Promise<{ readonly node: number; readonly live: EntryRow | undefined }[]> {
  const reader = await repository.settleIndex(signal)
  const history = reader === undefined ? undefined : createHistory(reader.database)
  const files = (history?.filesAt(path) ?? []).filter(({ node, live }) => live !== undefined || history?.versions(node, Number.MAX_SAFE_INTEGER, 1).length !== 0)
  if (files.length > 0) return files
  throw new NexusError(presentRow(repository, path).digest === null ? 'is_directory' : 'not_found')
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

/** Counts a tree; each content is counted once in `storedBytes`. */
export async function usage(repository: Repository, path: Path, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Usage> {
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

function countTree(database: Parameters<typeof createHistory>[0], node: number): Usage {
  const tree = 'WITH RECURSIVE tree(node) AS (VALUES(?) UNION ALL SELECT e.node FROM entries e JOIN tree t ON e.directory = t.node WHERE e.digest IS NULL)'
  const totals = database
    .prepare<[number], { files: number; directories: number; bytes: number }>(`${tree} SELECT count(e.digest) AS files, count(*) - count(e.digest) AS directories, coalesce(sum(e.size), 0) AS bytes FROM entries e JOIN tree t ON e.directory = t.node`)
    .get(node)
  const stored = database
    .prepare<[number], { bytes: number }>(`${tree} SELECT coalesce(sum(size), 0) AS bytes FROM (SELECT DISTINCT e.digest, e.size FROM entries e JOIN tree t ON e.directory = t.node WHERE e.digest IS NOT NULL)`)
    .get(node)
  return { files: totals?.files ?? 0, directories: totals?.directories ?? 0, logicalBytes: totals?.bytes ?? 0, storedBytes: stored?.bytes ?? 0 }
}

export async function snapshot(repository: Repository, path: Path, { name, signal }: { readonly name: string; readonly signal?: AbortSignal | undefined }): Promise<Snapshot> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    if (repository.readonly) throw new NexusError('read_only')
    if (name === '' || name.includes('/') || name.length > 255) throw new NexusError('invalid_argument', { reason: 'A snapshot\'s name has 1 to 255 characters and no "/".' })
    await repository.ensureCreated(signal)
    const { header } = await repository.commit(
      (draft) => {
        const row = presentRow(repository, path)
        if (row.digest !== null) throw new NexusError('not_directory')
        const taken = repository.snapshots(row.node).some((known) => known.name === name)
        if (taken) throw new NexusError('already_exists', { reason: `There is a snapshot "${name}" of it already.` })
        draft.apply({ op: 'snapshot', node: row.node, name })
      },
      { signal },
    )
    return { name, path, createdAt: new Date(header?.time ?? 0), version: String(header?.sequence) }
  } catch (error) {
    throw await broken(repository, error, { op: 'snapshot', path, signal })
  }
}

export async function* snapshots(repository: Repository, path: Path, { signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<Snapshot> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    await repository.settleIndex(signal)
    const { node } = presentRow(repository, path)
    for (const { name, sequence, time } of repository.snapshots(node)) yield { name, path, createdAt: new Date(time), version: String(sequence) }
  } catch (error) {
    throw await broken(repository, error, { op: 'snapshots', path, signal })
  }
}

export async function deleteSnapshot(repository: Repository, path: Path, { name, signal }: { readonly name: string; readonly signal?: AbortSignal | undefined }): Promise<void> {
  try {
    signal?.throwIfAborted()
    repository.enter()
    if (repository.readonly) throw new NexusError('read_only')
    await repository.settleIndex(signal)
    await repository.commit(
      (draft) => {
        const { node } = presentRow(repository, path)
        if (!repository.snapshots(node).some((known) => known.name === name)) throw new NexusError('not_found', { reason: `There is no snapshot "${name}" of it.` })
        draft.apply({ op: 'unsnapshot', node, name })
      },
      { signal },
    )
  } catch (error) {
    throw await broken(repository, error, { op: 'deleteSnapshot', path, signal })
  }
}
