import { assertNever, NexusError } from '../contract/errors.ts'
import { recordFlagFsync } from '../contract/record.ts'
import type { JournalEntry } from '../contract/store.ts'
import type { CommitHeader, Operation } from './commit.ts'
import type { EntryRow, State } from './rows.ts'

/** Operations that only the index can hold; the view in memory waits until the index has them. */
export type StructuralOperation = Exclude<Operation, { op: 'write' | 'mkdir' | 'rename' | 'delete' }>

/** Whether an operation is one of those that {@link foldSimple} knows. */
export function isStructural(operation: Operation): operation is StructuralOperation {
  return operation.op !== 'write' && operation.op !== 'mkdir' && operation.op !== 'rename' && operation.op !== 'delete'
}

/** Adds a commit's contents to the state. */
export function foldContents(header: CommitHeader, entry: Pick<JournalEntry, 'flags' | 'contentOffset' | 'end'>, state: State): void {
  for (const content of header.contents ?? []) {
    state.putContent(
      {
        digest: content.digest,
        size: content.size,
        key: content.key ?? null,
        segment: content.at === undefined ? null : entry.end.segment,
        offset: content.at === undefined ? 0 : entry.contentOffset + content.at,
        pieces: content.pieces ?? null,
        part: content.part === true ? 1 : 0,
        durable: (entry.flags & recordFlagFsync) === 0 ? 0 : 1,
      },
      header.sequence,
    )
  }
}

/** Applies one operation that touches single entries: the same code for the view in memory and for the index. */
export function foldSimple(operation: Exclude<Operation, StructuralOperation>, { sequence, time }: Pick<CommitHeader, 'sequence' | 'time'>, state: State): void {
  switch (operation.op) {
    case 'write': {
      const before = state.entry(operation.directory, operation.name)
      if (before !== undefined && before.node !== operation.node) state.remove(before, sequence)
      const same = before?.node === operation.node ? before : undefined
      if (same !== undefined) state.supersede(same)
      state.put(writtenRow(operation, { sequence, time, same }), sequence)
      break
    }
    case 'mkdir':
      state.put({ directory: operation.directory, key: `${operation.name}/`, node: operation.node, born: sequence, version: sequence, digest: null, size: 0, modified: time, created: time, type: null, metadata: null }, sequence)
      break
    case 'rename': {
      const row = expected(state, operation.directory, operation.name, operation.node)
      const target = state.entry(operation.to.directory, operation.to.name)
      if (target !== undefined && target.node !== row.node) state.remove(target, sequence)
      state.remove(row, sequence, true)
      const key = row.digest === null ? `${operation.to.name}/` : operation.to.name
      state.put({ ...row, directory: operation.to.directory, key, born: sequence }, sequence)
      break
    }
    case 'delete': {
      state.remove(expected(state, operation.directory, operation.name, operation.node), sequence)
      break
    }
    default:
      assertNever(operation)
  }
  if ('node' in operation && operation.node >= state.nextNode) state.nextNode = operation.node + 1
}

function writtenRow(
  operation: Extract<Operation, { op: 'write' }>,
  { sequence, time, same }: { readonly sequence: number; readonly time: number; readonly same: EntryRow | undefined },
): EntryRow {
  return {
    directory: operation.directory,
    key: operation.name,
    node: operation.node,
    born: same?.born ?? sequence,
    version: sequence,
    digest: operation.digest,
    size: operation.size,
    modified: time,
    created: same?.created ?? time,
    type: operation.type ?? null,
    metadata: operation.metadata === undefined ? null : JSON.stringify(operation.metadata),
  }
}

function expected(state: State, directory: number, name: string, node: number): EntryRow {
  const row = state.entry(directory, name)
  if (row?.node === node) return row
  throw new NexusError('corrupt', { reason: `The journal names node ${node} as "${name}" in directory ${directory}, where it is not; run fsck.` })
}
