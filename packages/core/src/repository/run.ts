import { isNexusError, NexusError, relocateError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import type { MaybePromise } from '../contract/store.ts'
import type { Repository } from './context.ts'
import { isDamagedDatabase } from './index-schema.ts'

/** Where a failure is told to have happened. */
export interface Place {
  readonly op: string
  readonly path: Path
  /** Bypasses the mount's freshness. */
  readonly fresh?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Does `work` on the newest published state; small work is done at once, without a turn of the loop. */
export function onPresent<T>(repository: Repository, place: Place, work: () => MaybePromise<T>): Promise<T> {
  return run(repository, place, () => {
    const ready = repository.refresh(place.signal, place.fresh)
    return ready instanceof Promise ? ready.then(work) : work()
  })
}

/** Does `work` on the state at hand, which is new enough for it. */
export function onKnown<T>(repository: Repository, place: Place, work: () => MaybePromise<T>): Promise<T> {
  return run(repository, place, () => {
    const ready = repository.settled()
    return ready === undefined ? work() : ready.then(work)
  })
}

function run<T>(repository: Repository, place: Place, attempt: () => MaybePromise<T>): Promise<T> {
  try {
    place.signal?.throwIfAborted()
    repository.enter()
    const result = attempt()
    return result instanceof Promise ? result.catch((error: unknown) => again(repository, { place, error, attempt })) : Promise.resolve(result)
  } catch (error) {
    return again(repository, { place, error, attempt })
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

/** A damaged index is a cache that is made again; what met the damage is then done once more. */
export async function again<T>(
  repository: Repository,
  { place, error, attempt }: { readonly place: Place; readonly error: unknown; readonly attempt: () => MaybePromise<T> },
): Promise<T> {
  if (!isDamagedDatabase(error)) throw located(error, place)
  try {
    await repository.rebuildIndex()
    return await attempt()
  } catch (failure) {
    throw located(failure, place)
  }
}

/** What an iteration that broke off is told; one that met a damaged index may be begun again at once. */
export async function broken(repository: Repository, error: unknown, place: Place): Promise<Error> {
  if (!isDamagedDatabase(error)) return located(error, place)
  await repository.rebuildIndex()
  return new NexusError('busy', { ...place, backend: 'nexus', reason: 'The index was damaged and has been made again from the journal; repeat the call.' })
}

/** A failure as this backend's caller sees it; what is no failure of ours, such as an abort, stays what it is. */
export function located(error: unknown, { op, path, signal }: Place): Error {
  if (isNexusError(error)) return relocateError(error, { op, path: error.path ?? path, backend: 'nexus' })
  if (signal?.aborted === true && error === signal.reason) return error as Error
  return new NexusError('unexpected', { op, path, backend: 'nexus', cause: error })
}
