/** A piece of a stream. */
export interface Chunk {
  readonly bytes: Uint8Array
  /** Nothing comes after it. */
  readonly isLast: boolean
}

/** A stream in pieces of one size, the last one shorter. */
export interface Chunks {
  /** Not to be called after the last piece. A piece lasts until the second call after its own: two buffers serve all of them. */
  next(): Promise<Chunk>
  cancel(reason: unknown): Promise<void>
}

/** Cuts a stream; whether a piece is the last is known with it, because the stream is read one step ahead. */
export function openChunks(body: ReadableStream<Uint8Array>, sizeBytes: number): Chunks {
  const reader = body.getReader()
  let rest: Uint8Array = new Uint8Array()
  let isDone = false
  const buffers: [Uint8Array?, Uint8Array?] = []
  let count = 0
  const more = async (): Promise<boolean> => {
    while (rest.length === 0 && !isDone) {
      const { done, value } = await reader.read()
      if (done) isDone = true
      else rest = value
    }
    return rest.length > 0
  }
  const next = async (): Promise<Chunk> => {
    const bytes = (buffers[count++ % 2 === 0 ? 0 : 1] ??= new Uint8Array(sizeBytes))
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
