import type { FileContent, Layer } from '../contract/backend.ts'
import { type ErrorCode, NexusError } from '../contract/errors.ts'
import { brokenContent } from './broken-content.ts'
import { type CallMember, type Invoke, type IterationMember, optionsOf, pathOf, wrapMembers } from './wrap-members.ts'

/** One thing that goes wrong, at the Nth call of a verb (counted from 1, default 1). */
export type Fault =
  | ({ readonly op: CallMember | IterationMember; readonly kind: 'fail'; readonly code: ErrorCode; readonly retryAfterMs?: number } & OnCall)
  /** It happens, and the answer is lost. */
  | ({ readonly op: CallMember; readonly kind: 'failAfter'; readonly code: ErrorCode } & OnCall)
  /** No answer until the call is aborted. */
  | ({ readonly op: CallMember; readonly kind: 'hang' } & OnCall)
  | ({ readonly op: IterationMember; readonly kind: 'failItem'; readonly afterItems: number; readonly code: ErrorCode } & OnCall)
  | ({ readonly op: 'read' } & BodyFault & OnCall)

/** What goes wrong with a body, after so many bytes. */
export type BodyFault =
  | { readonly kind: 'short'; readonly afterBytes: number }
  | { readonly kind: 'long'; readonly extraBytes: number }
  | { readonly kind: 'break'; readonly afterBytes: number; readonly code: ErrorCode }
  /** Nothing more comes until the call is aborted or the body cancelled. */
  | { readonly kind: 'stall'; readonly afterBytes: number }

interface OnCall {
  readonly call?: number
}

/** Faults that wait to strike, and those that did. */
export interface FaultPlan {
  /** The fault of this call; counts the call. */
  next(op: string): Fault | undefined
  /** Those that have struck, so that a test can tell a fault from a fault that never came. */
  struck(): readonly Fault[]
}

/** A plan that strikes each fault once. */
export function createFaultPlan(faults: readonly Fault[]): FaultPlan {
  const calls = new Map<string, number>()
  const struck: Fault[] = []
  return {
    next: (op) => {
      const call = (calls.get(op) ?? 0) + 1
      calls.set(op, call)
      const fault = faults.find((candidate) => candidate.op === op && (candidate.call ?? 1) === call)
      if (fault !== undefined) struck.push(fault)
      return fault
    },
    struck: () => [...struck],
  }
}

/** For tests: makes the backend fail as the plan says. */
export const faults =
  (plan: FaultPlan): Layer =>
  (inner) => {
    let isClosed = false
    const error = (
      code: ErrorCode,
      { op, path, retryAfterMs }: { op: string; path: string | undefined; retryAfterMs?: number | undefined },
    ): NexusError => new NexusError(code, { op, path, backend: inner.scheme, reason: 'A fault that a test asked for.', retryAfterMs })
    return wrapMembers(inner, {
      call:
        (member, invoke) =>
        async (...args) => {
          const signal = optionsOf(member, args)?.signal
          // What was given up beforehand never gets as far as the storage.
          signal?.throwIfAborted()
          // A closed backend answers for itself.
          const fault = isClosed ? undefined : plan.next(member)
          const place = { op: member, path: pathOf(args) }
          switch (fault?.kind) {
            case 'fail':
              throw error(fault.code, { ...place, retryAfterMs: fault.retryAfterMs })
            case 'failAfter':
              await invoke(...args)
              throw error(fault.code, place)
            case 'hang':
              return untilAborted(signal)
            case 'short':
            case 'long':
            case 'break':
            case 'stall':
              return brokenContent((await invoke(...args)) as FileContent, { fault, signal, error: (code) => error(code, place) })
            default:
              return invoke(...args)
          }
        },
      iteration: (member, invoke) => faultyIteration(plan, member, { invoke, error }),
      onClose: () => {
        isClosed = true
      },
    })
  }

interface Iteration {
  readonly invoke: Invoke<AsyncIterable<unknown>>
  readonly error: (code: ErrorCode, place: { readonly op: string; readonly path: string | undefined }) => NexusError
}

function faultyIteration(plan: FaultPlan, op: IterationMember, { invoke, error }: Iteration): Invoke<AsyncIterable<unknown>> {
  return async function* (...args) {
    optionsOf(op, args)?.signal?.throwIfAborted()
    const fault = plan.next(op)
    const left = fault?.kind === 'failItem' ? fault.afterItems : fault?.kind === 'fail' ? 0 : Infinity
    const fail = (): void => {
      if (fault?.kind === 'failItem' || fault?.kind === 'fail') throw error(fault.code, { op, path: pathOf(args) })
    }
    if (left === 0) fail()
    let count = 0
    for await (const item of invoke(...args)) {
      yield item
      if (++count >= left) fail()
    }
  }
}

/** Never resolves; rejects with the reason of the abort. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted === true) reject(signal.reason as Error)
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
