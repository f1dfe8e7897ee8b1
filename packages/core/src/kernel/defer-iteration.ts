/**
 * An iteration that is begun with its first step, so that what `start` throws rejects that step. Unlike a generator with `yield*` it adds
 * nothing to each step, which is what a listing of a million entries consists of.
 */
export function deferIteration<T>(start: () => AsyncIterable<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => deferred(start) }
}

function deferred<T>(start: () => AsyncIterable<T>): AsyncIterator<T> {
  let iterator: AsyncIterator<T> | undefined
  let isOver = false
  const begin = async (): Promise<IteratorResult<T>> => {
    if (isOver) return { done: true, value: undefined }
    isOver = true
    iterator = start()[Symbol.asyncIterator]()
    return iterator.next()
  }
  return {
    next: () => (iterator === undefined ? begin() : iterator.next()),
    return: async () => {
      isOver = true
      await iterator?.return?.()
      return { done: true, value: undefined }
    },
  }
}
