import type { Layer } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import type { FailureCode, MetricsRegistry, OperationRecorder } from './metrics-registry.ts'
import { type Invoke, wrapMembers } from './wrap-members.ts'

/**
 * Counts calls, failures by code and latencies of each verb into `registry`; changes nothing. A read is over when its body is
 * at hand (not when it was read), an iteration when it ended or was left.
 * @param mount Label of the series. Default: the backend's scheme.
 */
export const metrics =
  (registry: MetricsRegistry, { mount }: { readonly mount?: string } = {}): Layer =>
  (inner) =>
    wrapMembers(inner, {
      call: (member, invoke) => timedCall({ registry, recorder: registry.recorder(mount ?? inner.scheme, member), invoke }),
      iteration: (member, invoke) => timedIteration({ registry, recorder: registry.recorder(mount ?? inner.scheme, member), invoke }),
    })

interface Timing<R> {
  readonly registry: MetricsRegistry
  readonly recorder: OperationRecorder
  readonly invoke: Invoke<R>
}

function timedCall({ registry, recorder, invoke }: Timing<Promise<unknown>>): Invoke<Promise<unknown>> {
  return async (first, second, third) => {
    const startedAt = registry.now()
    try {
      const result = await invoke(first, second, third)
      recorder.record(registry.now() - startedAt)
      return result
    } catch (error) {
      recorder.record(registry.now() - startedAt, failureCode(error))
      throw error
    }
  }
}

function timedIteration({ registry, recorder, invoke }: Timing<AsyncIterable<unknown>>): Invoke<AsyncIterable<unknown>> {
  return (...args) => ({
    [Symbol.asyncIterator]: () => {
      const startedAt = registry.now()
      let isOver = false
      const end = (failure?: FailureCode): void => {
        if (!isOver) recorder.record(registry.now() - startedAt, failure)
        isOver = true
      }
      return watchedIterator(invoke(...args)[Symbol.asyncIterator](), end)
    },
  })
}

/** By hand and not by a generator with `yield*`, which would double the cost of a step. */
function watchedIterator(iterator: AsyncIterator<unknown>, end: (failure?: FailureCode) => void): AsyncIterator<unknown> {
  return {
    next: async () => {
      try {
        const step = await iterator.next()
        if (step.done === true) end()
        return step
      } catch (error) {
        end(failureCode(error))
        throw error
      }
    },
    return: async () => {
      try {
        await iterator.return?.()
        return { done: true, value: undefined }
      } finally {
        end()
      }
    },
  }
}

function failureCode(error: unknown): FailureCode {
  return isNexusError(error) ? error.code : 'aborted'
}
