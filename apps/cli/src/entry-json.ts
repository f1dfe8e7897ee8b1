import type { Entry, FileStat } from '@nexus/core/contract'

/** A file or directory as `--json` prints it: dates in ISO 8601, what is not known left out. */
export function entryJson(entry: Entry | FileStat, shown: (path: string) => string): string {
  const { kind, sizeBytes, etag, digest, modifiedAt, createdAt, contentType, version, metadata } = entry
  return JSON.stringify({ path: shown(entry.path), kind, sizeBytes, modifiedAt, createdAt, etag, digest, contentType, version, metadata })
}
