import type { BatchOperation } from '../contract/backend.ts'
import { NexusError, assertNever } from '../contract/errors.ts'
import { parsePath } from '../contract/paths.ts'
import { checkMetadata } from '../contract/check-arguments.ts'
import { sized } from './normalise-body.ts'
import type { FileOperation } from './slim-nexus-fs.ts'

const encoder = new TextEncoder()

/**
 * One step of a batch as a backend takes it.
 * @throws NexusError `invalid_path`, `invalid_argument`
 */
export function parseOperation(operation: FileOperation): BatchOperation {
  switch (operation.op) {
    case 'write': {
      const { path, metadata, sizeBytes } = operation
      if (metadata !== undefined) checkMetadata(metadata, { op: 'batch', path }, { allowNull: false })
      const body = sized(toBytes(operation.body, path), { op: 'write', path, sizeBytes })
      return { ...operation, path: parsePath(path), body }
    }
    case 'rename':
    case 'copy':
      return { ...operation, from: parsePath(operation.from), to: parsePath(operation.to) }
    case 'setMetadata':
      checkMetadata(operation.patch, { op: 'batch', path: operation.path }, { allowNull: true })
      return { ...operation, path: parsePath(operation.path) }
    case 'delete':
    case 'mkdir':
      return { ...operation, path: parsePath(operation.path) }
    default:
      return assertNever(operation)
  }
}

function toBytes(body: unknown, path: string): Uint8Array {
  if (typeof body === 'string') return encoder.encode(body)
  if (body instanceof Uint8Array) return body
  throw new NexusError('invalid_argument', { op: 'batch', path, reason: 'A body in a batch is a string or a Uint8Array; streams are written one by one.' })
}
