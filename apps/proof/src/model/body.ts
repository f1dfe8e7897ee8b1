/** Bytes that a number describes, so that they can be named on a pipe and made again. */
export interface Chunk {
  readonly seed: number
  readonly sizeBytes: number
}

/** What a file holds: a written chunk and those appended to it. */
export type FileModel = readonly Chunk[]

/** The bytes of one chunk; different seeds give different bytes from the first on. */
export function chunkBytes({ seed, sizeBytes }: Chunk): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ sizeBytes) >>> 0 || 1
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return new Uint8Array(words.buffer, 0, sizeBytes)
}

/** The whole body of a file. */
export function fileBytes(file: FileModel): Uint8Array {
  return Buffer.concat(file.map(chunkBytes))
}

/** Equal for files of equal history. */
export function fileKey(file: FileModel): string {
  return file.map(({ seed, sizeBytes }) => `${seed}:${sizeBytes}`).join('+')
}
