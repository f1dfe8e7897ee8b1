/**
 * Does `work` for each item, at most `concurrency` at once, pulling items as they are needed. After the first failure, or when the signal
 * aborts, nothing new is begun; what is under way ends, and the failure is thrown.
 */
export async function forEachConcurrently<T>(
  source: AsyncIterable<T>,
  { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  const running = new Set<Promise<void>>()
  try {
    for await (const item of source) {
      signal.throwIfAborted()
      if (failures.length > 0) break
      const task = work(item).catch((error: unknown) => void failures.push(error)).finally(() => running.delete(task))
      running.add(task)
      if (running.size >= concurrency) await Promise.race(running)
    }
  } finally {
    await Promise.all(running)
  }
  if (failures.length > 0) throw failures[0]
}
