import type { Backend, CallOptions, FileStat } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'

/**
 * Writes a kept state again, with its content type and metadata, as the newest version; works for a deleted file too.
 * @throws NexusError `not_found` when that version is not kept.
 */
export async function restore(backend: Backend, path: Path, { version, signal }: { readonly version: string } & CallOptions): Promise<FileStat> {
  await using content = await backend.read(path, { version, signal })
  const { contentType, metadata, sizeBytes } = content.stat
  return await backend.write(path, content.stream(), { contentType, metadata: Object.keys(metadata).length === 0 ? undefined : metadata, sizeBytes, signal })
}
