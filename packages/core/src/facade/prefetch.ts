import type { CallOptions } from '../contract/backend.ts'

type Settled<R> = { readonly value: R } | { readonly error: unknown }

/**
 * Starts `work` for the next `ahead` items while the results are taken in the order of the source. When the taker leaves or something
 * fails, the signal that the work got is aborted and what is under way is waited for.
 */
export async function* prefetch<T, R>(
  source: AsyncIterable<T>,
  { ahead, signal }: { readonly ahead: number } & CallOptions,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R> {
  const stop = new AbortController()
  const ownSignal = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const started: Promise<Settled<R>>[] = []
  try {
    for await (const item of source) {
      started.push(work(item, ownSignal).then((value) => ({ value }), (error: unknown) => ({ error })))
      if (started.length >= ahead) yield take(await started.shift())
    }
    while (started.length > 0) yield take(await started.shift())
  } finally {
    stop.abort()
    await Promise.all(started)
  }
}

function take<R>(settled: Settled<R> | undefined): R {
  if (settled === undefined) throw new RangeError('Nothing was started.')
  if ('error' in settled) throw settled.error
  return settled.value
}
