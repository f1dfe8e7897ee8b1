import type { Backend } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'

type OptionalMember = { [K in keyof Backend]-?: undefined extends Backend[K] ? K : never }[keyof Backend]

/**
 * After this, `backend` has the operation.
 * @throws NexusError `unsupported` when it has not: nothing is simulated silently.
 */
export function requireMember<K extends OptionalMember>(backend: Backend, op: K, path: string): asserts backend is Backend & Required<Pick<Backend, K>> {
  if (backend[op] !== undefined) return
  throw new NexusError('unsupported', { op, path, backend: backend.scheme, reason: `A ${backend.scheme} backend has no ${op}.` })
}
