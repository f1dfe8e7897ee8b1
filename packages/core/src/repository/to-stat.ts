import type { Entry, FileStat, FileVersion, Metadata } from '../contract/backend.ts'
import { joinPath, type Path } from '../contract/paths.ts'
import type { DigestAlgorithm } from './digest.ts'
import { entryName, type EntryRow } from './rows.ts'

/** Opaque to users: the node and the commit that gave it this content. */
export function toEtag(row: Pick<EntryRow, 'node' | 'version'>): string {
  return `${row.node}-${row.version}`
}

/** Custom metadata of a row. */
export function toMetadata(row: Pick<EntryRow, 'metadata'>): Metadata {
  return row.metadata === null ? {} : (JSON.parse(row.metadata) as Metadata)
}

/** What the contract says of a row. */
export function toStat(row: EntryRow, path: Path, algorithm: DigestAlgorithm): FileStat {
  if (row.digest === null) {
    return { path, kind: 'directory', modifiedAt: new Date(row.modified), createdAt: new Date(row.created), metadata: toMetadata(row) }
  }
  return {
    path,
    kind: 'file',
    sizeBytes: row.size,
    etag: toEtag(row),
    digest: `${algorithm}:${row.digest}`,
    modifiedAt: new Date(row.modified),
    createdAt: new Date(row.created),
    contentType: row.type ?? undefined,
    version: String(row.version),
    metadata: toMetadata(row),
  }
}

/** A row as a line of its directory's listing. */
export function toEntry(row: EntryRow, directory: Path, algorithm: DigestAlgorithm): Entry {
  const name = entryName(row)
  return { name, ...toStat(row, joinPath(directory, name), algorithm) }
}

/** A row as one of its file's versions. */
export function toVersion(row: EntryRow & { readonly digest: string }, path: Path, { algorithm, current }: { algorithm: DigestAlgorithm; current: boolean }): FileVersion {
  return {
    version: String(row.version),
    path,
    sizeBytes: row.size,
    etag: toEtag(row),
    digest: `${algorithm}:${row.digest}`,
    modifiedAt: new Date(row.modified),
    contentType: row.type ?? undefined,
    metadata: toMetadata(row),
    current,
  }
}
