import type { Backend, CallOptions, Entry, FileStat } from '../contract/backend.ts'
import { isNexusError } from '../contract/errors.ts'
import { type Path, relativePath, underPath } from '../contract/paths.ts'
import { compileFilter } from '../replication/filter.ts'
import { asksForReads, type TierRule } from './rule.ts'

/** A file that a rule may take. */
export interface Candidate {
  /** As its storage knows it. */
  readonly stat: FileStat
  /** Where it is found before and, under the other storage, afterwards: paths of the whole filesystem. */
  readonly path: Path
  readonly to: Path
  readonly sizeBytes: number
  /** Milliseconds since the epoch; `undefined` where the storage does not tell, and it then counts as new. */
  readonly changedAt: number | undefined
  /** The last read that is known of, or the last change. */
  readonly usedAt: number | undefined
}

/** Where the files of a rule lie, and what is known of their use. */
export interface CandidateSource {
  readonly storage: Pick<Backend, 'list' | 'stat'>
  /** `from`, as the storage knows it. */
  readonly directory: Path
  readonly rule: TierRule
  readonly lastRead: (path: Path) => number | undefined
}

/** Every file below `from` that the rule's patterns let through, in the order of the listing. */
export async function* candidates({ storage, directory, rule, lastRead }: CandidateSource, options: CallOptions): AsyncGenerator<Candidate> {
  const { include = [], exclude = [] } = rule
  const filter = await compileFilter([...exclude.map((pattern) => ({ exclude: pattern })), ...include.map((pattern) => ({ include: pattern }))])
  try {
    for await (const entry of storage.list(directory, { recursive: true, signal: options.signal })) {
      const inside = relativePath(entry.path, directory)
      if (entry.kind !== 'file' || !filter.takes(inside.slice(1), 'file')) continue
      const stat = await fullStat(storage, entry, { needsMetadata: asksForReads(rule), options })
      if (stat === undefined || stat.metadata['symlink'] !== undefined) continue
      const path = underPath(rule.from, inside)
      const changedAt = stat.modifiedAt?.getTime()
      const usedAt = latest(changedAt, lastRead(path), Date.parse(stat.metadata['accessed_at'] ?? ''))
      yield { stat, path, to: underPath(rule.to, inside), sizeBytes: stat.sizeBytes ?? 0, changedAt, usedAt }
    }
  } catch (error) {
    // Nothing was written there yet.
    if (!isNexusError(error, 'not_found')) throw error
  }
}

/** What the listing did not tell is asked; `undefined` for what went meanwhile. */
async function fullStat(
  storage: Pick<Backend, 'stat'>,
  entry: Entry,
  { needsMetadata, options }: { readonly needsMetadata: boolean; readonly options: CallOptions },
): Promise<FileStat | undefined> {
  const { path, etag, sizeBytes, modifiedAt, metadata } = entry
  const isKnown = etag !== undefined && sizeBytes !== undefined && modifiedAt !== undefined && (metadata !== undefined || !needsMetadata)
  if (isKnown) return { ...entry, path, kind: 'file', metadata: metadata ?? {} }
  try {
    return await storage.stat(path, { signal: options.signal })
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined && !Number.isNaN(time))
  return known.length === 0 ? undefined : Math.max(...(known as number[]))
}
