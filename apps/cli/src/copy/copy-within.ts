import type { KernelMoveOptions } from '@nexus/core'
import { type Entry, isNexusError, NexusError, type Path, relativePath, underPath } from '@nexus/core/contract'
import { type CopyContext, filesInFlight } from './copy-context.ts'
import { digestOfFile } from './digest.ts'
import { forEachConcurrently } from './for-each-concurrently.ts'
import type { ProgressState } from '../terminal/progress.ts'

/** Copies from one path of Nexus to another; a repository copies a whole tree in one commit. */
export async function copyWithin(context: CopyContext, source: Path, target: Path): Promise<void> {
  const { session: { fs }, recursive, verify, cli: { signal } } = context
  const stat = await fs.stat(source, { signal })
  if (stat.kind === 'directory') {
    if (!recursive) throw new NexusError('is_directory', { op: 'cp', path: source })
    await copyTree(context, source, target)
    if (verify) await forEachConcurrently(fs.list(source, { recursive: true, signal }), { concurrency: filesInFlight, signal }, (entry) => compare(context, entry, underPath(target, relativePath(entry.path, source))))
    return
  }
  await copyFile(context, source, { target, sizeBytes: stat.sizeBytes ?? 0 })
  if (verify) await compare(context, stat, target)
}

async function copyTree(context: CopyContext, source: Path, target: Path): Promise<void> {
  const { session: { fs }, counts, replaces, cli: { signal } } = context
  const before = { files: counts.files, bytes: counts.bytes }
  const passing = showPassing(context, before)
  const result = await fs.copyTree(source, target, {
    ifExists: replaces ? 'replace' : 'skip',
    concurrency: filesInFlight,
    signal,
    onPass: passing.onPass,
    onProgress: ({ files, bytes }) => passing.reached({ files: before.files + files, bytes: before.bytes + bytes }),
  })
  if (result.oneStep) counts.wholeTrees++
  counts.files += result.files
  counts.directories += result.directories
  counts.bytes += result.bytes
  if (replaces) counts.links += result.skipped
  else counts.existing += result.skipped
}

async function copyFile(context: CopyContext, source: Path, { target, sizeBytes }: { readonly target: Path; readonly sizeBytes: number }): Promise<void> {
  const { session: { fs }, counts, replaces, cli: { signal } } = context
  const { onPass } = showPassing(context, counts)
  const options: KernelMoveOptions = { ifNoneMatch: replaces ? undefined : '*', onPass, signal }
  try {
    await fs.copy(source, target, options)
    counts.files++
    counts.bytes += sizeBytes
  } catch (error) {
    if (replaces || !isNexusError(error, 'precondition_failed')) throw error
    counts.existing++
  }
}

/** What passes is held back by the limit, and shown before the file that it belongs to is whole. */
function showPassing({ throttle, progress, cli: { signal } }: CopyContext, start: ProgressState): { readonly onPass: (sizeBytes: number) => Promise<void>; readonly reached: (state: ProgressState) => void } {
  let shown = { files: start.files, bytes: start.bytes }
  const reached = (state: ProgressState): void => {
    shown = { files: state.files, bytes: Math.max(state.bytes, shown.bytes) }
    progress.update(shown)
  }
  return {
    reached,
    onPass: async (sizeBytes) => {
      await throttle?.take(sizeBytes, signal)
      reached({ files: shown.files, bytes: shown.bytes + sizeBytes })
    },
  }
}

async function compare({ session: { fs }, counts, cli: { signal } }: CopyContext, source: Pick<Entry, 'path' | 'kind' | 'metadata'>, target: Path): Promise<void> {
  if (source.kind === 'directory' || source.metadata?.['symlink'] !== undefined) return
  const [expected, found] = await Promise.all([digestOfFile(fs, source.path, signal), digestOfFile(fs, target, signal)])
  if (expected !== found) throw new NexusError('corrupt', { op: 'cp', path: target, reason: `It reads differently from ${source.path}, or somebody changed one of them meanwhile.` })
  counts.verified++
}
