import type { CallOptions } from '../contract/backend.ts'

/**
 * Does `work` for each item, at most `concurrency` at once, pulling items as they are needed. The first failure aborts the signal that
 * the others got, waits for them, ends the source and is thrown.
 */
export async function forEachConcurrently<T>(
  source: AsyncIterable<T>,
  { concurrency, signal }: { readonly concurrency: number } & CallOptions,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const ownSignal = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const failures: unknown[] = []
  const running = new Set<Promise<void>>()
  try {
    for await (const item of source) {
      signal?.throwIfAborted()
      if (failures.length > 0) break
      const task = work(item, ownSignal).catch((error: unknown) => {
        failures.push(error)
        stop.abort(error)
      }).finally(() => running.delete(task))
      running.add(task)
      if (running.size >= concurrency) await Promise.race(running)
    }
  } finally {
    await Promise.all(running)
  }
  if (failures.length > 0) throw failures[0]
}
