import type { Backend, CallOptions, FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { unifiedDiff } from './unified-diff.ts'

/** One replacement of exact text. */
export interface TextEdit {
  /** Occurs exactly once, unless `all`; edits are applied in order, each to what the one before left. */
  readonly oldText: string
  readonly newText: string
  /** Replaces every occurrence (at least one). */
  readonly all?: boolean | undefined
}

export interface EditOptions extends CallOptions {
  /** Only when the file has this etag. */
  readonly ifMatch?: string | undefined
  /** Gives the diff and writes nothing. */
  readonly dryRun?: boolean | undefined
}

export interface EditResult {
  /** The file afterwards; absent for a dry run. */
  readonly stat?: FileStat
  /** Unified, with three lines of context; empty when nothing changes, and then nothing is written. */
  readonly diff: string
}

const maxEditBytes = 16 * 1024 * 1024
// A byte order mark is text like any other here: it must survive the edit.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/**
 * Reads, replaces, and writes under the etag that was read: what somebody else wrote meanwhile is never lost.
 * The file is held in memory, at most 16 MiB; content type and metadata stay.
 * @throws NexusError `invalid_argument` for text that is absent, ambiguous or no UTF-8, `precondition_failed`, `unsupported` without conditional writes.
 */
export async function edit(backend: Backend, path: Path, { edits, ...options }: { readonly edits: readonly TextEdit[] } & EditOptions): Promise<EditResult> {
  const { signal, ifMatch, dryRun = false } = options
  const { stat, text } = await readForEdit(backend, path, { signal, ifMatch })
  const edited = edits.reduce((current, step, index) => applyEdit(current, step, { path, index }), text)
  if (edited === text) return dryRun ? { diff: '' } : { stat, diff: '' }
  const diff = await unifiedDiff(path, text, edited)
  if (dryRun) return { diff }
  const metadata = Object.keys(stat.metadata).length === 0 ? undefined : stat.metadata
  const written = await backend.write(path, encoder.encode(edited), { ifMatch: stat.etag, contentType: stat.contentType, metadata, signal })
  return { stat: written, diff }
}

async function readForEdit(backend: Backend, path: Path, options: EditOptions): Promise<{ stat: FileStat; text: string }> {
  const { signal, ifMatch } = options
  await using content = await backend.read(path, { signal, ifMatch })
  const { stat } = content
  if (stat.etag === undefined) throw new NexusError('unsupported', { op: 'edit', path, reason: 'The file has no etag, so a change by somebody else could not be noticed.' })
  refuseLarge(path, stat.sizeBytes ?? 0)
  const bytes = await content.bytes()
  refuseLarge(path, bytes.byteLength)
  try {
    return { stat, text: decoder.decode(bytes) }
  } catch (cause) {
    throw new NexusError('invalid_argument', { op: 'edit', path, reason: 'The file is no UTF-8 text, so editing it would damage it.', cause })
  }
}

function refuseLarge(path: Path, sizeBytes: number): void {
  if (sizeBytes <= maxEditBytes) return
  throw new NexusError('invalid_argument', { op: 'edit', path, reason: `edit takes files up to ${maxEditBytes} bytes; this one has ${sizeBytes}.` })
}

function applyEdit(text: string, { oldText, newText, all = false }: TextEdit, place: { readonly path: Path; readonly index: number }): string {
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_argument', { op: 'edit', path: place.path, reason: `Edit ${place.index + 1}: ${reason}` })
  }
  if (typeof oldText !== 'string' || typeof newText !== 'string') return refuse('oldText and newText are strings.')
  if (oldText === '') return refuse('oldText is empty; name the text to replace.')
  const parts = text.split(oldText)
  if (parts.length === 1) return refuse(`its oldText does not occur: ${shown(oldText)}. Read the file again.`)
  if (parts.length > 2 && !all) return refuse(`its oldText occurs ${parts.length - 1} times: ${shown(oldText)}. Add text around it, or pass all.`)
  return parts.join(newText)
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text)
}
