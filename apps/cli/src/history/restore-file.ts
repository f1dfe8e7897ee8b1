import type { FileStat, Path } from '@nexus/core/contract'
import type { Session } from '../session.ts'

/** Writes a file again as it was in a snapshot, with its content type and metadata, as the newest version; `to` is another place for it. */
export async function restoreFile({ fs }: Session, path: Path, { to = path, snapshot, signal }: { readonly to?: Path; readonly snapshot: string; readonly signal: AbortSignal }): Promise<FileStat> {
  await using content = await fs.open(path, { snapshot, signal })
  const { contentType, metadata, sizeBytes } = content.stat
  return await fs.write(to, content.stream(), { contentType, metadata: Object.keys(metadata).length === 0 ? undefined : metadata, sizeBytes, signal })
}
