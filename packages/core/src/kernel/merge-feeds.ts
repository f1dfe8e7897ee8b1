/** One of several endless iterations. */
interface Feed<T> {
  readonly name: string
  readonly open: (signal: AbortSignal) => AsyncIterable<T>
}

/** Whatever any feed gives, as it comes. Ends when all have ended; the first failure ends all. Leaving it ends all. */
export async function* mergeFeeds<T>(feeds: readonly Feed<T>[], signal?: AbortSignal): AsyncGenerator<{ readonly name: string; readonly item: T }> {
  const left = new AbortController()
  const combined = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
  const iterators = feeds.map(({ name, open }) => ({ name, iterator: open(combined)[Symbol.asyncIterator]() }))
  const step = async ({ name, iterator }: (typeof iterators)[number]) => ({ name, iterator, result: await iterator.next() })
  const waiting = new Map(iterators.map((feed) => [feed.name, step(feed)]))
  try {
    while (waiting.size > 0) {
      const { name, iterator, result } = await Promise.race(waiting.values())
      if (result.done === true) {
        waiting.delete(name)
        continue
      }
      yield { name, item: result.value }
      waiting.set(name, step({ name, iterator }))
    }
  } finally {
    left.abort()
    // Their steps end with the abort; who left has no use for how.
    await Promise.allSettled([...waiting.values(), ...iterators.map(({ iterator }) => iterator.return?.())])
  }
}
