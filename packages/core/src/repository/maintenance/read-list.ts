import type { Repository } from '../context.ts'
import { partsOfList, readStored } from './read-stored.ts'

/** What a content that is a list of pieces is made of, and the list's bytes; `undefined` when the list cannot be read. */
export async function readList(repository: Repository, digest: string, signal?: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly parts: readonly string[] } | undefined> {
  const row = repository.view.content(digest)
  if (row === undefined) return undefined
  const bytes = row.pieces === null ? await readStored(repository, row, signal) : await readLongList(repository, row.pieces, signal)
  return bytes === undefined || typeof bytes === 'string' ? undefined : { bytes, parts: partsOfList(repository, bytes) }
}

/** The list of a content above 32 GiB is above 1 MiB itself, and so has a list of its own. */
async function readLongList(repository: Repository, pieces: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  const own = await readList(repository, pieces, signal)
  const chunks: Uint8Array[] = []
  for (const part of own?.parts ?? []) {
    const row = repository.view.content(part)
    const bytes = row === undefined ? 'missing' : await readStored(repository, row, signal)
    if (typeof bytes === 'string') return undefined
    chunks.push(bytes)
  }
  return own === undefined ? undefined : Buffer.concat(chunks)
}
