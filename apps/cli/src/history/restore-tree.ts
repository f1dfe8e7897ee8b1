import { randomBytes } from 'node:crypto'
import { type Entry, type FileStat, joinPath, type NexusError, parentPath, type Path, relativePath, underPath } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { filesInFlight } from '../copy/copy-context.ts'
import { forEachConcurrently } from '../copy/for-each-concurrently.ts'
import { surviveFailure } from '../copy/survivable.ts'
import type { Session } from '../session.ts'
import { restoreFile } from './restore-file.ts'

/** What restoring a directory did; counts grow while it runs. */
export interface RestoreCounts {
  files: number
  bytes: number
  directories: number
  /** Files that are as they were then. */
  unchanged: number
  failures: number
  /** The first ones; all of them are counted. */
  readonly told: NexusError[]
}

interface Tree {
  readonly session: Session
  readonly path: Path
  readonly snapshot: string
}

/**
 * Makes every file below a directory what it was in a snapshot, each as a new version; what came later stays. A directory that is gone is made
 * beside its place and appears at once, whole.
 */
export async function restoreTree(cli: Cli, tree: Tree): Promise<RestoreCounts> {
  const { session: { fs }, path } = tree
  const { signal } = cli
  if (await fs.exists(path, { signal })) return await restoreInto(cli, tree, path)
  // At its own place a new directory would hide the snapshot of the one that is gone, which is still being read.
  const beside = joinPath(parentPath(path), `.restoring-${randomBytes(6).toString('hex')}`)
  try {
    const counts = await restoreInto(cli, tree, beside)
    await fs.rename(beside, path, { ifNoneMatch: '*', allowNonAtomic: true, signal })
    return counts
  } catch (error) {
    await fs.delete(beside, { recursive: true, force: true })
    throw error
  }
}

async function restoreInto(cli: Cli, { session, path, snapshot }: Tree, target: Path): Promise<RestoreCounts> {
  const { signal } = cli
  const counts: RestoreCounts = { files: 0, bytes: 0, directories: 0, unchanged: 0, failures: 0, told: [] }
  const progress = cli.progress('Restoring')
  const totals = progress.isShown ? await countTree(session, { path, snapshot, signal }) : undefined
  const work = async (entry: Entry): Promise<void> => {
    const to = underPath(target, relativePath(entry.path, path))
    await restoreEntry(counts, { entry, to }, { session, snapshot, signal }).catch((error: unknown) => surviveFailure(counts, error))
    progress.update({ files: counts.files + counts.unchanged, bytes: counts.bytes, totalFiles: totals?.files, totalBytes: totals?.bytes })
  }
  try {
    await session.fs.mkdir(target, { recursive: true, signal })
    await forEachConcurrently(session.fs.list(path, { recursive: true, snapshot, signal }), { concurrency: filesInFlight, signal }, work)
  } finally {
    progress.end()
  }
  return counts
}

async function countTree({ fs }: Session, { path, snapshot, signal }: { readonly path: Path; readonly snapshot: string; readonly signal: AbortSignal }): Promise<{ readonly files: number; readonly bytes: number }> {
  const totals = { files: 0, bytes: 0 }
  for await (const { kind, sizeBytes = 0 } of fs.list(path, { recursive: true, snapshot, signal })) {
    if (kind !== 'file') continue
    totals.files++
    totals.bytes += sizeBytes
  }
  return totals
}

interface Past {
  readonly session: Session
  readonly snapshot: string
  readonly signal: AbortSignal
}

async function restoreEntry(counts: RestoreCounts, { entry, to }: { readonly entry: Entry; readonly to: Path }, { session, snapshot, signal }: Past): Promise<void> {
  if (entry.kind === 'directory') {
    await session.fs.mkdir(to, { recursive: true, signal })
    counts.directories++
    return
  }
  const now = (await session.fs.exists(to, { signal })) ? await session.fs.stat(to, { signal }) : undefined
  if (now !== undefined && isSame(entry, now)) {
    counts.unchanged++
    return
  }
  await restoreFile(session, entry.path, { to, snapshot, signal })
  counts.files++
  counts.bytes += entry.sizeBytes ?? 0
}

function isSame(then: Entry, now: FileStat): boolean {
  const facts = ({ kind, digest, contentType, metadata }: Entry | FileStat): string => JSON.stringify([kind, digest, contentType, Object.entries(metadata ?? {}).sort()])
  return then.digest !== undefined && facts(then) === facts(now)
}
