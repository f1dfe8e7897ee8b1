import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { MountedNexusFS } from '@nexus/core'
import type { Path } from '@nexus/core/contract'

/** Chunks that are digested while somebody reads them. */
export interface DigestedChunks {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Of everything; to be asked once, after the last chunk. */
  readonly digest: () => string
  readonly countedBytes: () => number
}

/** SHA-256 of bytes in memory: it only compares two reads, so which algorithm the storage uses does not matter. */
export function digestBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Digests what passes by. */
export function digestChunks(source: AsyncIterable<Uint8Array>): DigestedChunks {
  const hash = createHash('sha256')
  let count = 0
  async function* passing(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk)
      count += chunk.byteLength
      yield chunk
    }
  }
  return { chunks: passing(), digest: () => hash.digest('hex'), countedBytes: () => count }
}

/** Reads a whole file past every cache. */
export async function digestOfFile(fs: MountedNexusFS, path: Path, signal: AbortSignal): Promise<string> {
  await using content = await fs.open(path, { fresh: true, signal })
  const hash = createHash('sha256')
  for await (const chunk of content.stream()) hash.update(chunk)
  return hash.digest('hex')
}

/** Reads a whole file of this machine. */
export async function digestOfHostFile(hostPath: Buffer): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(hostPath)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
