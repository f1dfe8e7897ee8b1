import { isNexusError, NexusError, type Path, relocateError } from '@nexus/core/contract'

/** The call that runs: for its errors and its end. */
export interface Call {
  readonly op: string
  readonly path: Path
  /** The other path that the caller gave. */
  readonly to?: Path | undefined
  readonly signal?: AbortSignal | undefined
}

/** Counts the calls under way, so that `close` can wait for them, and tells their failures as their caller knows them. */
export interface Activity {
  /** Runs one call, or one step of one. An abort rejects at once with `signal.reason`; `close` still waits for what the call has in hand. */
  readonly run: <T>(call: Call, work: () => Promise<T>) => Promise<T>
  /** @throws NexusError `unavailable` after `close`; `signal.reason` */
  readonly check: (call: Call) => void
  /** Refuses new calls, and waits for those under way. */
  readonly close: () => Promise<void>
}

/** An activity with no call under way. @param backend Scheme, for errors. */
export function createActivity(backend: string): Activity {
  const pending = new Set<Promise<unknown>>()
  let isClosed = false
  const check = ({ op, path, signal }: Call): void => {
    if (isClosed) throw new NexusError('unavailable', { op, path, backend, reason: 'The mount was closed; open it again.' })
    signal?.throwIfAborted()
  }
  const run = async <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    check(call)
    const result = work()
    const settled = result.then(forget, forget)
    pending.add(settled)
    void settled.then(() => pending.delete(settled))
    try {
      return await orAborted(result, call.signal)
    } catch (error) {
      throw told(call, error, backend)
    }
  }
  const close = async (): Promise<void> => {
    isClosed = true
    await Promise.all(pending)
  }
  return { run, check, close }
}

/** The failure in the caller's words: the path that was given in place of a key, the backend's verb in place of the store's. */
export function told({ op, path, to, signal }: Call, error: unknown, backend: string): unknown {
  if (signal?.aborted === true) return signal.reason
  if (!isNexusError(error)) return new NexusError('unexpected', { op, path, backend, cause: error, reason: `It failed in a way that nobody foresaw: ${String(error)}.` })
  return relocateError(error, { op, path: to !== undefined && error.path === to ? to : path, backend })
}

/** The promise, unless the signal is first: then its reason. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}

function forget(): void {
  // Only the end matters here; the caller of `run` gets the outcome.
}
