import type { FileHandle } from 'node:fs/promises'

/** As `readFile`, in one step where nobody changes the file: one byte more is asked for than it has. @param sizeBytes What was found a moment ago */
export async function readWhole(handle: FileHandle, sizeBytes: number): Promise<Uint8Array> {
  // Not from the pool of small buffers: the bytes are given away.
  const bytes = Buffer.allocUnsafeSlow(sizeBytes + 1)
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
  return bytesRead === sizeBytes ? bytes.subarray(0, sizeBytes) : await handle.readFile()
}
