import assert from 'node:assert/strict'
import { type Backend, type Capabilities, type ErrorCode, isNexusError } from '@nexus/core/contract'
import type { CaseContext } from './case.ts'

/** Asserts that the call fails with a NexusError of one of the codes, and gives the error. */
export async function fails(codes: ErrorCode | readonly ErrorCode[], promise: Promise<unknown>): Promise<Error> {
  const expected = typeof codes === 'string' ? [codes] : codes
  const error = await failure(promise)
  if (!isNexusError(error)) return assert.fail(`Expected a NexusError ${expected.join(' or ')}, but it failed with ${String(error)}.`)
  assert.ok(expected.includes(error.code), `Expected ${expected.join(' or ')}, but it failed with ${error.message}`)
  return error
}

/** Asserts that the call rejects with exactly this value: the reason of an abort. */
export async function rejectsWith(reason: unknown, promise: Promise<unknown>): Promise<void> {
  const error = await failure(promise)
  assert.equal(error, reason, `Expected the signal's own reason, but it failed with ${String(error)}.`)
}

/** Whatever the promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (outcome === undefined) return assert.fail('Expected a failure, but the call succeeded.')
  return outcome.error
}

/** Members of a backend that may be absent. */
export type OptionalMember = Exclude<{ [K in keyof Backend]-?: undefined extends Backend[K] ? K : never }[keyof Backend], 'capabilitiesAt' | 'cacheScope'>

/** The capability that declares a member; the others are declared by being there. */
const capabilityOf = {
  append: 'append',
  setMetadata: 'metadata',
  rename: 'rename',
  copy: 'copy',
  batch: 'batch',
  versions: 'versions',
  snapshot: 'snapshots',
  snapshots: 'snapshots',
  deleteSnapshot: 'snapshots',
  changes: 'changes',
  search: 'search',
  presign: 'presign',
  usage: undefined,
  serviceHealth: undefined,
  storedAt: undefined,
  copyFrom: undefined,
} satisfies Record<OptionalMember, keyof Capabilities | undefined>

/** The member where it is declared and there; a member that is there undeclared refuses, and is not asked. */
export function optional<K extends OptionalMember>({ backend, capabilities }: CaseContext, name: K): Backend[K] | undefined {
  const capability = capabilityOf[name]
  return capability === undefined || capabilities[capability] !== false ? backend[name] : undefined
}

/** The declared member, which must be there. */
export function declared<K extends OptionalMember>({ backend }: CaseContext, name: K): NonNullable<Backend[K]> {
  const member = backend[name]
  if (member === undefined) return assert.fail(`The capabilities declare ${name}, but the backend has no such member.`)
  return member
}

/** Asserts that an undeclared operation is an absent member, or fails with `unsupported`. */
export async function undeclared<K extends OptionalMember>(
  { backend }: CaseContext,
  name: K,
  call: (member: NonNullable<Backend[K]>) => Promise<unknown>,
): Promise<unknown> {
  const member = backend[name]
  return member === undefined ? undefined : fails('unsupported', call(member))
}
