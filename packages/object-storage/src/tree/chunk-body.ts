const chunkBytes = 1_048_576

/** A long body as a stream of views of it: nothing is copied. */
export function chunkBody(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let offset = 0
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (offset < bytes.length) controller.enqueue(bytes.subarray(offset, offset + chunkBytes))
    else controller.close()
    offset += chunkBytes
  }
  return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
}
