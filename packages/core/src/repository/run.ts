import { isNexusError, NexusError, relocateError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { MaybePromise } from '../contract/store.ts'
import type { Repository } from './context.ts'

/** Where a failure is told to have happened. */
export interface Place {
  readonly op: string
  readonly path: Path
  readonly signal?: AbortSignal | undefined
}

/** Does `work` on the newest published state; small work is done at once, without a turn of the loop. */
export function onPresent<T>(repository: Repository, place: Place, work: () => MaybePromise<T>): Promise<T> {
  try {
    place.signal?.throwIfAborted()
    repository.enter()
    const ready = repository.refresh(place.signal)
    const result = ready instanceof Promise ? ready.then(work) : work()
    return result instanceof Promise ? result.catch((error: unknown) => Promise.reject(located(error, place))) : Promise.resolve(result)
  } catch (error) {
    return Promise.reject(located(error, place))
  }
}

/** Does work whose failures are told with their place. */
export async function withPlace<T>(repository: Repository, place: Place, work: () => Promise<T>): Promise<T> {
  try {
    place.signal?.throwIfAborted()
    repository.enter()
    return await repository.track(work())
  } catch (error) {
    throw located(error, place)
  }
}

/** A failure as this backend's caller sees it; what is no failure of ours, such as an abort, stays what it is. */
export function located(error: unknown, { op, path, signal }: Place): Error {
  if (isNexusError(error)) return relocateError(error, { op, path: error.path ?? path, backend: 'nexus' })
  if (signal?.aborted === true && error === signal.reason) return error as Error
  return new NexusError('unexpected', { op, path, backend: 'nexus', cause: error })
}
