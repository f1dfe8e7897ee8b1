import type { Change, ChangesOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { isWithin, joinPath, parentPath, type Path } from '../contract/paths.ts'
import { type JournalEntry, type JournalPosition, journalStart } from '../contract/store.ts'
import { type Operation, parseHeader } from './commit.ts'
import type { Repository } from './context.ts'
import { createHistory, type History } from './history.ts'
import { broken } from './run.ts'

/** A place in the journal: so many operations of the commit after `position` were told. */
interface Cursor {
  readonly position: JournalPosition
  readonly told: number
}

/** What happened, from the journal; goes on until it is stopped, and after a restart from a cursor. */
export async function* changes(repository: Repository, path: Path, options: ChangesOptions = {}): AsyncGenerator<Change> {
  const { signal } = options
  try {
    signal?.throwIfAborted()
    repository.enter()
    await repository.refresh(signal)
    let cursor = options.since === undefined ? { position: repository.position, told: 0 } : await parseCursor(repository, options.since)
    options.onBegin?.()
    for (;;) {
      signal?.throwIfAborted()
      const entries = await repository.journal.newer(cursor.position, { signal })
      if (entries.length === 0) {
        await repository.journal.wait(cursor.position, { signal })
        continue
      }
      for (const entry of entries) {
        yield* changesOf(repository, entry, { path, recursive: options.recursive ?? true, cursor })
        cursor = { position: entry.end, told: 0 }
      }
    }
  } catch (error) {
    throw await broken(repository, error, { op: 'changes', path, signal })
  }
}

async function* changesOf(
  repository: Repository,
  entry: JournalEntry,
  { path, recursive, cursor }: { path: Path; recursive: boolean; cursor: Cursor },
): AsyncGenerator<Change> {
  const header = parseHeader(entry.header)
  const reader = await repository.settleIndex(undefined, repository.position.sequence < entry.sequence)
  if (reader === undefined) return
  const history = createHistory(reader.database)
  for (const [index, operation] of header.operations.entries()) {
    if (index < cursor.told) continue
    const change = toChange(operation, { history, sequence: header.sequence })
    if (change === undefined || !concerns(change, { path, recursive })) continue
    yield { ...change, cursor: formatCursor({ position: cursor.position, told: index + 1 }) }
  }
}

function concerns(change: Omit<Change, 'cursor'>, { path, recursive }: { path: Path; recursive: boolean }): boolean {
  return [change.path, ...(change.from === undefined ? [] : [change.from])].some((place) => place !== path || change.kind === 'file' ? (recursive ? isWithin(place, path) : parentPath(place) === path || place === path) : true)
}

function toChange(operation: Operation, { history, sequence }: { history: History; sequence: number }): Omit<Change, 'cursor'> | undefined {
  const at = ({ directory, name }: { readonly directory: number; readonly name: string }): Path => joinPath((history.pathOf(directory, sequence) ?? '/') as Path, name)
  switch (operation.op) {
    case 'write':
      return { type: operation.replaces === undefined ? 'created' : 'modified', path: at(operation), kind: 'file', etag: `${operation.node}-${sequence}` }
    case 'mkdir':
    case 'copy':
      return { type: 'created', path: at(operation), kind: 'directory' }
    case 'delete':
      return { type: 'deleted', path: at(operation), kind: operation.kind }
    case 'rename':
      return { type: 'renamed', path: at(operation.to), from: at(operation), kind: operation.kind }
    default:
      // Housekeeping: nothing that people see has changed.
      return undefined
  }
}

function formatCursor({ position, told }: Cursor): string {
  return [position.sequence, position.segment, position.offset, told].join('.')
}

async function parseCursor(repository: Repository, text: string): Promise<Cursor> {
  const unknown = (): NexusError =>
    new NexusError('invalid_argument', { reason: `The cursor "${text}" is unknown here (any more). List again, and watch without a cursor.` })
  if (!/^\d{1,15}(\.\d{1,15}){3}$/.test(text)) throw unknown()
  const [sequence = 0, segment = 0, offset = 0, told = 0] = text.split('.').map(Number)
  const position = { sequence, segment, offset }
  if (sequence === 0) {
    const oldest = await repository.journal.oldest()
    if (oldest !== undefined && oldest !== 1) throw unknown()
    return { position: journalStart, told }
  }
  if (sequence > repository.position.sequence || (await repository.journal.entryAt(position)) === undefined) throw unknown()
  return { position, told }
}
