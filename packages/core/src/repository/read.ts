import type { FileContent, FileStat, ReadOptions, StatOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { baseName, parentPath, type Path } from '../contract/paths.ts'
import { checkRange } from '../contract/check-arguments.ts'
import type { MaybePromise } from '../contract/store.ts'
import type { Repository } from './context.ts'
import { createHistory, parseVersion } from './history.ts'
import { checkConditions, rootRow } from './plan-paths.ts'
import { readSpan, type Span, streamSpan, toSpan } from './read-content.ts'
import type { EntryRow } from './rows.ts'
import { located, onKnown, onPresent } from './run.ts'
import { toStat } from './to-stat.ts'

/** What is at a path now. @throws NexusError `not_found` */
export function presentRow(repository: Repository, path: Path): EntryRow {
  if (path === '/') return rootRow
  const row = repository.view.entry(directoryOrAbsent(repository, path), baseName(path))
  if (row === undefined) throw new NexusError('not_found')
  return row
}

/** What a file would be in does not exist, or is a file: either way the file does not exist. */
function directoryOrAbsent(repository: Repository, path: Path): number {
  const parent = repository.view.findDirectory(parentPath(path))
  if (parent === undefined) throw new NexusError('not_found')
  return parent
}

/** The stat of a path, now or as it was. */
export function stat(repository: Repository, path: Path, options: StatOptions = {}): Promise<FileStat> {
  return onPresent(repository, { op: 'stat', path, fresh: options.fresh, signal: options.signal }, () => {
    const row = findRow(repository, path, options)
    return row instanceof Promise ? row.then((found) => toStat(found, path, repository.hasher.algorithm)) : toStat(row, path, repository.hasher.algorithm)
  })
}

/** Opens a file's content, now or as it was; nothing is read before one of its methods is called. */
export function read(repository: Repository, path: Path, options: ReadOptions = {}): Promise<FileContent> {
  const place = { op: 'read', path, signal: options.signal }
  return onPresent(repository, { ...place, fresh: options.fresh }, () => {
    if (options.range !== undefined) checkRange(options.range, place)
    const row = findRow(repository, path, options)
    return row instanceof Promise ? row.then((found) => openContent(repository, found, { path, options })) : openContent(repository, row, { path, options })
  })
}

function findRow(repository: Repository, path: Path, { version, snapshot, fresh, signal }: StatOptions): MaybePromise<EntryRow> {
  if (version === undefined && snapshot === undefined) return presentRow(repository, path)
  return pastRow(repository, path, { version, snapshot, fresh, signal })
}

async function pastRow(repository: Repository, path: Path, { version, snapshot, fresh, signal }: StatOptions): Promise<EntryRow> {
  const reader = await repository.settleIndex(signal, fresh)
  if (reader === undefined) throw new NexusError('not_found')
  const history = createHistory(reader.database)
  if (snapshot !== undefined) {
    const sequence = history.snapshot(path, snapshot)
    if (sequence === undefined) throw new NexusError('not_found', { reason: `There is no snapshot "${snapshot}" of this path or a directory above it.` })
    const row = history.at(path, sequence)
    if (row === undefined) throw new NexusError('not_found', { reason: `It was not there when the snapshot "${snapshot}" was taken.` })
    return row
  }
  const wanted = parseVersion(version ?? '')
  const row = wanted === undefined ? undefined : history.versionAt(path, wanted)
  if (row === undefined) throw new NexusError('not_found', { reason: `There is no version "${String(version)}" of it (any more); versions() lists what is kept.` })
  return row
}

function openContent(repository: Repository, row: EntryRow, { path, options }: { path: Path; options: ReadOptions }): FileContent {
  const { digest } = row
  if (digest === null) throw new NexusError('is_directory')
  checkConditions(row, { ifMatch: options.ifMatch })
  const span = toSpan(options.range, row.size)
  const place = { op: 'read', path, signal: options.signal }
  let isTaken = false
  const take = (): void => {
    if (isTaken) throw new NexusError('invalid_argument', { ...place, reason: 'A body is read once, and this one was read or disposed of; read the file again.' })
    isTaken = true
  }
  // Which version is read was settled when it was opened; where its bytes are, a second look finds out if they have moved.
  const bytes = (): Promise<Uint8Array> =>
    onKnown(repository, place, () => {
      take()
      return readSpan(repository, digest, span, options.signal)
    })
  let body: ReadableStream<Uint8Array> | undefined
  return {
    stat: toStat(row, path, repository.hasher.algorithm),
    bytes,
    text: async () => decoder.decode(await bytes()),
    stream() {
      take()
      return (body = streamBody(repository, { digest, span, place }))
    },
    async [Symbol.asyncDispose]() {
      isTaken = true
      if (body !== undefined && !body.locked) await body.cancel()
    },
  }
}

// A byte order mark is part of what was written.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function streamBody(
  repository: Repository,
  { digest, span, place }: { digest: string; span: Span; place: { op: string; path: Path; signal: AbortSignal | undefined } },
): ReadableStream<Uint8Array> {
  const pieces = streamSpan(repository, digest, span, place.signal)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          place.signal?.throwIfAborted()
          const next: IteratorResult<Uint8Array, unknown> = await pieces.next()
          if (next.done === true) controller.close()
          else if (next.value.length > 0) controller.enqueue(next.value)
          else controller.close()
        } catch (error) {
          controller.error(located(error, place))
        }
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
