import type { AppendOptions, MetadataPatch, WriteOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { baseName, type Path } from '../contract/paths.ts'
import type { Draft, PreparedContent } from './context.ts'
import { checkAbsence, checkConditions, planned, plannedExisting, plannedParent } from './plan-paths.ts'
import type { EntryRow } from './rows.ts'
import { toMetadata } from './to-stat.ts'

/** Thrown when bytes that were known when they were prepared are known no more: prepare them again. */
export class ContentGone extends Error {}

/** Replaces or makes a file. */
export function planWrite(draft: Draft, path: Path, { prepared, ...options }: WriteOptions & { readonly prepared: PreparedContent }): EntryRow {
  const row = planned(draft, path)
  checkAbsence(row, options.ifNoneMatch)
  if (row !== undefined && row.digest === null) throw new NexusError('is_directory', { path })
  checkConditions(row, options)
  draft.store(prepared)
  if ([prepared.digest, ...(prepared.needs ?? [])].some((digest) => draft.view.content(digest) === undefined)) throw new ContentGone()
  return place(draft, path, row, { digest: prepared.digest, size: prepared.size, type: options.contentType, metadata: options.metadata })
}

/** Changes a file's metadata: a new version with the same content. */
export function planSetMetadata(draft: Draft, path: Path, { patch, ...options }: AppendOptions & { readonly patch: MetadataPatch }): EntryRow {
  const row = plannedExisting(draft, path)
  if (row.digest === null) throw new NexusError('is_directory', { path })
  checkConditions(row, options)
  const merged = { ...toMetadata(row) }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, name)
    else merged[name] = value
  }
  return place(draft, path, row, { digest: row.digest, size: row.size, type: row.type ?? undefined, metadata: merged })
}

interface Placed {
  readonly digest: string
  readonly size: number
  readonly type?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** Gives a path a content that the repository holds. */
export function place(draft: Draft, path: Path, before: EntryRow | undefined, { digest, size, type, metadata }: Placed): EntryRow {
  const directory = before?.directory ?? plannedParent(draft, path)
  const name = baseName(path)
  draft.apply({
    op: 'write',
    node: before?.node ?? draft.mint(),
    ...(before === undefined ? {} : { replaces: before.version }),
    directory,
    name,
    digest,
    size,
    ...(type === undefined ? {} : { type }),
    ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
  })
  const after = draft.view.entry(directory, name)
  if (after === undefined) throw new NexusError('unexpected', { path, reason: 'What was just planned is not there.' })
  return after
}
