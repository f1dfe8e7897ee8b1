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

/** Most bodies are short: the first piece begins with so many bytes, and grows. */
const firstBytes = 64 * 1024

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
    const turn = count++ % 2 === 0 ? 0 : 1
    let bytes = (buffers[turn] ??= new Uint8Array(count === 1 ? Math.min(firstBytes, sizeBytes) : sizeBytes))
    let length = 0
    while (length < sizeBytes && (await more())) {
      const part = rest.subarray(0, sizeBytes - length)
      bytes = grown(bytes, { length, least: length + part.length, most: sizeBytes })
      bytes.set(part, length)
      length += part.length
      rest = rest.subarray(part.length)
    }
    buffers[turn] = bytes
    return { bytes: bytes.subarray(0, length), isLast: !(await more()) }
  }
  return { next, cancel: (reason) => reader.cancel(reason) }
}

/** The same bytes with room for more: at least twice as much as before, so that each is copied once on the average. */
function grown(bytes: Uint8Array, { length, least, most }: { readonly length: number; readonly least: number; readonly most: number }): Uint8Array {
  if (bytes.length >= least) return bytes
  const larger = new Uint8Array(Math.min(most, Math.max(least, bytes.length * 2)))
  larger.set(bytes.subarray(0, length))
  return larger
}
