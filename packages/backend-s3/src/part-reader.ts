/** A body, in parts of the length that is asked for. */
export interface PartReader {
  /** The next part: as long as asked, shorter at the end, `undefined` behind it. Rejects with what the body fails with, or the signal's reason. */
  next(sizeBytes: number): Promise<Uint8Array | undefined>
  /** Gives the memory of a part back for another one. */
  release(part: Uint8Array): void
  /** Nothing more is wanted. */
  cancel(reason: unknown): Promise<void>
}

/** Most bodies are short: the first part begins with so many bytes, and grows. */
const firstBytes = 64 * 1024

/** Opens a body. Its memory is that of the parts not yet released. */
export function openPartReader(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): PartReader {
  const reader = body.getReader()
  let free: Uint8Array[] = []
  let rest: Uint8Array | undefined
  let isDone = false
  let isFirst = true
  const read = async (): Promise<Uint8Array | undefined> => {
    if (rest !== undefined) return rest
    const { done, value } = await orAborted(reader.read(), signal)
    isDone = done
    return value
  }
  const take = (sizeBytes: number): Uint8Array => {
    const found = free.pop()
    if (found?.length === sizeBytes) return found
    free = []
    return new Uint8Array(sizeBytes)
  }
  return {
    next: async (sizeBytes) => {
      let part = isFirst ? new Uint8Array(Math.min(firstBytes, sizeBytes)) : take(sizeBytes)
      isFirst = false
      let filled = 0
      while (filled < sizeBytes && !isDone) {
        const chunk = await read()
        if (chunk === undefined) break
        const fitting = chunk.subarray(0, sizeBytes - filled)
        part = grown(part, { filled, least: filled + fitting.length, most: sizeBytes })
        part.set(fitting, filled)
        filled += fitting.length
        rest = fitting.length === chunk.length ? undefined : chunk.subarray(fitting.length)
      }
      return filled === 0 ? undefined : part.subarray(0, filled)
    },
    release: (part) => {
      const whole = new Uint8Array(part.buffer)
      free.push(whole)
    },
    cancel: (reason) => (isDone ? Promise.resolve() : reader.cancel(reason)),
  }
}

/** The same bytes with room for more: in few steps, because the pages of a large buffer cost when they are touched, and each step touches them again. */
function grown(part: Uint8Array, { filled, least, most }: { readonly filled: number; readonly least: number; readonly most: number }): Uint8Array {
  if (part.length >= least) return part
  const larger = new Uint8Array(Math.min(most, Math.max(least, part.length * 16)))
  larger.set(part.subarray(0, filled))
  return larger
}

async function orAborted<T>(wait: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return wait
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => {
    reject(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([wait, aborted]).finally(() => {
    signal.removeEventListener('abort', onAbort)
  })
}
