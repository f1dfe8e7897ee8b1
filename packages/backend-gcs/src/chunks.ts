/** A piece of a stream. */
export interface Chunk {
  readonly bytes: Uint8Array
  /** Nothing comes after it. */
  readonly isLast: boolean
}

/** A stream in pieces of one size, the last one shorter. */
export interface Chunks {
  /** Not to be called after the last piece. */
  next(): Promise<Chunk>
  cancel(reason: unknown): Promise<void>
}

/** Cuts a stream; whether a piece is the last is known with it, because the stream is read one step ahead. */
export function openChunks(body: ReadableStream<Uint8Array>, sizeBytes: number): Chunks {
  const reader = body.getReader()
  let rest: Uint8Array = new Uint8Array()
  let isDone = false
  const more = async (): Promise<boolean> => {
    while (rest.length === 0 && !isDone) {
      const { done, value } = await reader.read()
      if (done) isDone = true
      else rest = value
    }
    return rest.length > 0
  }
  const next = async (): Promise<Chunk> => {
    const bytes = new Uint8Array(sizeBytes)
    let length = 0
    while (length < sizeBytes && (await more())) {
      const part = rest.subarray(0, sizeBytes - length)
      bytes.set(part, length)
      length += part.length
      rest = rest.subarray(part.length)
    }
    return { bytes: bytes.subarray(0, length), isLast: !(await more()) }
  }
  return { next, cancel: (reason) => reader.cancel(reason) }
}
