import { type Entry, isNexusError, NexusError, type Path, relativePath, underPath } from '@nexus/core/contract'
import { type CopyContext, filesInFlight } from './copy-context.ts'
import { digestOfFile } from './digest.ts'
import { forEachConcurrently } from './for-each-concurrently.ts'

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

async function copyTree({ session: { fs }, counts, progress, replaces, cli: { signal } }: CopyContext, source: Path, target: Path): Promise<void> {
  const before = { ...counts }
  const result = await fs.copyTree(source, target, {
    ifExists: replaces ? 'replace' : 'skip',
    concurrency: filesInFlight,
    signal,
    onProgress: ({ files, bytes }) => progress.update({ files: before.files + files, bytes: before.bytes + bytes }),
  })
  if (result.oneStep) counts.wholeTrees++
  counts.files += result.files
  counts.directories += result.directories
  counts.bytes += result.bytes
  if (replaces) counts.links += result.skipped
  else counts.existing += result.skipped
}

async function copyFile({ session: { fs }, counts, replaces, cli: { signal } }: CopyContext, source: Path, { target, sizeBytes }: { readonly target: Path; readonly sizeBytes: number }): Promise<void> {
  try {
    await fs.copy(source, target, { ifNoneMatch: replaces ? undefined : '*', signal })
    counts.files++
    counts.bytes += sizeBytes
  } catch (error) {
    if (replaces || !isNexusError(error, 'precondition_failed')) throw error
    counts.existing++
  }
}

async function compare({ session: { fs }, counts, cli: { signal } }: CopyContext, source: Pick<Entry, 'path' | 'kind' | 'metadata'>, target: Path): Promise<void> {
  if (source.kind === 'directory' || source.metadata?.['symlink'] !== undefined) return
  const [expected, found] = await Promise.all([digestOfFile(fs, source.path, signal), digestOfFile(fs, target, signal)])
  if (expected !== found) throw new NexusError('corrupt', { op: 'cp', path: target, reason: `It reads differently from ${source.path}, or somebody changed one of them meanwhile.` })
  counts.verified++
}
