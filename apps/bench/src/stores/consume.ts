import type { Entry } from '@nexus/core/contract'

/** Reads a listing to its end. @throws Error when an entry of a file lacks the stat that was asked for */
export async function countEntries(entries: AsyncIterable<Entry>): Promise<number> {
  let count = 0
  for await (const { kind, path, etag, sizeBytes } of entries) {
    if (kind === 'file' && (etag === undefined || sizeBytes === undefined)) throw new Error(`${path} was listed without its stat.`)
    count++
  }
  return count
}

/** Reads a body to its end. */
export async function countBytes(body: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0
  for await (const chunk of body) count += chunk.length
  return count
}
