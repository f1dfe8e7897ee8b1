import type { Backend, Layer } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import type { FailureCode, MetricsRegistry, OperationRecorder } from './metrics-registry.ts'

/** How each member of the contract is observed; a member added to the contract does not compile until it stands here. */
const observed = {
  scheme: 'value',
  capabilities: 'value',
  capabilitiesAt: 'value',
  stat: 'call',
  read: 'call',
  write: 'call',
  delete: 'call',
  list: 'iteration',
  mkdir: 'call',
  setMetadata: 'call',
  append: 'call',
  rename: 'call',
  copy: 'call',
  batch: 'call',
  versions: 'iteration',
  snapshot: 'call',
  snapshots: 'iteration',
  deleteSnapshot: 'call',
  changes: 'iteration',
  search: 'iteration',
  presign: 'call',
  usage: 'call',
  close: 'value',
} as const satisfies Record<keyof Backend, 'value' | 'call' | 'iteration'>

/**
 * Counts calls, failures by code and latencies of each verb into `registry`; changes nothing. A read is over when its body is
 * at hand (not when it was read), an iteration when it ended or was left.
 * @param mount Label of the series. Default: the backend's scheme.
 */
export const metrics = (registry: MetricsRegistry, { mount }: { readonly mount?: string } = {}): Layer => (inner) => {
  const members = Object.keys(observed) as (keyof Backend)[]
  const wrapped = members.flatMap((member) => {
    const kind = observed[member]
    const value: unknown = Reflect.get(inner, member)
    if (kind === 'value' || typeof value !== 'function') return []
    const recorder = registry.recorder(mount ?? inner.scheme, member)
    // The contract says which members give a promise and which an iteration; `observed` repeats it.
    const call = (value as Call<never>).bind(inner)
    const timed = kind === 'call' ? timedCall({ registry, recorder, call }) : timedIteration({ registry, recorder, call })
    return [[member, { value: timed, enumerable: true }] as const]
  })
  // By descriptors and not by a spread: the capabilities of a backend made of backends are a getter, and stay one.
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(inner), ...Object.fromEntries(wrapped) }) as Backend
}

type Call<R> = (...args: unknown[]) => R

interface Timing<R> {
  readonly registry: MetricsRegistry
  readonly recorder: OperationRecorder
  readonly call: Call<R>
}

function timedCall({ registry, recorder, call }: Timing<Promise<unknown>>): Call<Promise<unknown>> {
  return async (first, second, third) => {
    const startedAt = registry.now()
    try {
      const result = await call(first, second, third)
      recorder.record(registry.now() - startedAt)
      return result
    } catch (error) {
      recorder.record(registry.now() - startedAt, failureCode(error))
      throw error
    }
  }
}

function timedIteration({ registry, recorder, call }: Timing<AsyncIterable<unknown>>): Call<AsyncIterable<unknown>> {
  return async function* (first, second, third) {
    const startedAt = registry.now()
    let failure: FailureCode | undefined
    try {
      yield* call(first, second, third)
    } catch (error) {
      failure = failureCode(error)
      throw error
    } finally {
      recorder.record(registry.now() - startedAt, failure)
    }
  }
}

function failureCode(error: unknown): FailureCode {
  return isNexusError(error) ? error.code : 'aborted'
}
