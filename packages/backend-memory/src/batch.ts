import { assertNever, type BatchOperation, type FileStat } from '@nexus/core/contract'
import { collectBody } from './collect.ts'
import { deletePath } from './delete.ts'
import { setMetadata } from './metadata.ts'
import { mkdir } from './mkdir.ts'
import { copy, rename } from './move.ts'
import { type MemoryState, toFileStat } from './state.ts'
import { findNode, freezeTree } from './tree.ts'
import { applyWrite } from './write.ts'

/** Runs all steps in order, or none. Bodies are copied first, so that the rest is one synchronous step. */
export async function batch(state: MemoryState, operations: readonly BatchOperation[]): Promise<FileStat[]> {
  const own = await Promise.all(operations.map((operation) => withOwnBody(state, operation)))
  const restore = remember(state)
  state.batchFrom = state.sequence
  try {
    return own.map((operation) => applyStep(state, operation))
  } catch (error) {
    restore()
    throw error
  } finally {
    state.batchFrom = undefined
  }
}

async function withOwnBody(state: MemoryState, operation: BatchOperation): Promise<BatchOperation> {
  if (operation.op !== 'write') return operation
  const place = { op: 'write', path: operation.path }
  return {
    ...operation,
    body: await collectBody(operation.body, place, { maxSizeBytes: state.maxSizeBytes, sizeBytes: operation.sizeBytes }),
  }
}

/** The way back to the state before the first step. */
function remember(state: MemoryState): () => void {
  const { sequence, log, logStart } = state
  const root = freezeTree(state)
  const kept = log.slice()
  return () => {
    Object.assign(state, { root, owner: {}, sequence, log: kept, logStart })
  }
}

function applyStep(state: MemoryState, operation: BatchOperation): FileStat {
  switch (operation.op) {
    case 'write':
      return applyWrite(state, operation, operation.body, operation)
    case 'delete':
      return deleteStep(state, operation)
    case 'rename':
      return rename(state, { op: 'rename', path: operation.from }, operation.to, operation)
    case 'copy':
      return copy(state, { op: 'copy', path: operation.from }, operation.to, operation)
    case 'mkdir':
      return mkdir(state, operation, operation)
    case 'setMetadata':
      return setMetadata(state, operation, operation.patch, operation)
    default:
      return assertNever(operation)
  }
}

/** Gives the stat before the step; of what `force` found absent only the name is known. */
function deleteStep(state: MemoryState, operation: BatchOperation & { op: 'delete' }): FileStat {
  const { path } = operation
  const node = findNode(state.root, path)
  deletePath(state, operation, operation)
  return node === undefined ? { path, kind: 'file', metadata: {} } : toFileStat(path, node)
}
