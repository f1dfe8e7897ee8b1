const sniffedBytes = 8192

/** The body as it is, or nothing when it is binary: when a NUL stands in its first 8 KiB, as grep and git see it. */
export async function* textChunks(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const head: Uint8Array[] = []
  let unsniffed = sniffedBytes
  for await (const chunk of chunks) {
    if (unsniffed > 0) {
      if (chunk.subarray(0, unsniffed).includes(0)) return
      unsniffed -= chunk.byteLength
      // A copy: the producer may use its buffer again before the head is complete.
      head.push(unsniffed > 0 ? chunk.slice() : chunk)
      if (unsniffed > 0) continue
      yield* head.splice(0)
    } else yield chunk
  }
  yield* head
}
