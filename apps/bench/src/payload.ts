import { randomFillSync } from 'node:crypto'

const pattern = randomFillSync(new Uint8Array(1024 * 1024))
let count = 0

/** Bytes that were never written before, so that nobody saves work by knowing them. At most 1 MiB. */
export function freshBytes(sizeBytes: number): Uint8Array {
  const bytes = pattern.slice(0, sizeBytes)
  new DataView(bytes.buffer).setFloat64(0, ++count)
  return bytes
}

/** A body of chunks of 1 MiB that stand in four buffers by turns: what the source leaves behind is not counted as anybody's memory. */
export function recycledChunks(): (chunks: number) => AsyncGenerator<Uint8Array> {
  const buffers = Array.from({ length: 4 }, () => freshBytes(1024 * 1024))
  return async function* (chunks) {
    for (let index = 0; index < chunks; index++) {
      const bytes = buffers[index % buffers.length] as Uint8Array
      new DataView(bytes.buffer).setFloat64(0, ++count)
      yield await Promise.resolve(bytes)
    }
  }
}

/** A body of fresh chunks of 1 MiB. */
export async function* freshChunks(chunks: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < chunks; index++) yield await Promise.resolve(freshBytes(1024 * 1024))
}
