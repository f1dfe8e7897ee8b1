import type { BlockStore, CachedFile } from './block-store.ts'
import { blockSpan } from './wanted.ts'

/** Where the bytes that pass belong. */
export interface CutFile {
  readonly blocks: BlockStore
  readonly file: CachedFile
  readonly sizeBytes: number
}

/** Takes a copy of the bytes as they pass, and keeps each block that came whole. @param offset Of the first byte, where a block begins */
export function createBlockCutter({ blocks, file, sizeBytes }: CutFile, offset: number): (chunk: Uint8Array) => void {
  let position = offset
  let block = Math.floor(offset / blockSpan(0, Infinity).to)
  let buffer: Uint8Array | undefined
  return (chunk) => {
    for (let rest = chunk; rest.length > 0; ) {
      const { from, to } = blockSpan(block, sizeBytes)
      // More than the file holds: the body is wrong, and its reader will hear of it.
      if (position >= to) return
      buffer ??= new Uint8Array(to - from)
      const part = rest.subarray(0, to - position)
      buffer.set(part, position - from)
      position += part.length
      rest = rest.subarray(part.length)
      if (position < to) continue
      blocks.save(file, block++, buffer)
      buffer = undefined
    }
  }
}
