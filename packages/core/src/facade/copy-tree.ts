import type { Backend, CallOptions, Entry } from '../contract/backend.ts'
import { NexusError, isNexusError } from '../contract/errors.ts'
import { type Path, isWithin, relativePath, underPath } from '../contract/paths.ts'
import { checkCount } from '../contract/check-arguments.ts'
import type { KernelMoveOptions } from '../kernel/move-options.ts'
import { forEachConcurrently } from './for-each-concurrently.ts'
import { hasMountBelow } from './mount-borders.ts'
import { requireMember } from './require-member.ts'
import { walk } from './walk.ts'

/** What a {@link copyTree} did so far. */
export interface CopyTreeProgress extends CopyTreeResult {
  /** What was copied last. */
  readonly path: Path
}

export interface CopyTreeOptions extends CallOptions, Pick<KernelMoveOptions, 'onPass'> {
  /** Called after each file. */
  readonly onProgress?: ((progress: CopyTreeProgress) => void) | undefined
  /** Files under way at once. Default 8. */
  readonly concurrency?: number | undefined
  /** What to do with a file that is at the target already. Default `replace`; `fail` is `precondition_failed`. */
  readonly ifExists?: 'replace' | 'skip' | 'fail' | undefined
  /** Copies what other mounts hold below `from` too. Default false. */
  readonly crossMounts?: boolean | undefined
}

export interface CopyTreeResult {
  /** The store copied the whole tree at once: nothing is counted then. */
  readonly oneStep: boolean
  readonly files: number
  readonly directories: number
  /** Sum of the sizes that the store tells. */
  readonly bytes: number
  /** Links, which are never followed, and with `ifExists: 'skip'` what was there. */
  readonly skipped: number
}

type Counts = { -readonly [K in keyof CopyTreeResult]: CopyTreeResult[K] }

/**
 * Copies a directory with all below it into `to`, merging with what is there: in one step where the store copies directories and nothing
 * is in the way, else file by file, with content types and metadata. A failure stops it; what was copied stays.
 * @throws NexusError `invalid_argument` into its own child, `precondition_failed` with `ifExists: 'fail'`, and what reading and writing throw.
 */
export async function copyTree(backend: Backend, from: Path, { to, ...options }: { readonly to: Path } & CopyTreeOptions): Promise<CopyTreeResult> {
  const counts: Counts = { oneStep: false, files: 0, directories: 0, bytes: 0, skipped: 0 }
  requireMember(backend, 'copy', from)
  if (options.concurrency !== undefined) checkCount(options.concurrency, 'concurrency', { op: 'copyTree', path: from, least: 1 })
  if (from !== to && isWithin(to, from)) throw new NexusError('invalid_argument', { op: 'copyTree', path: to, reason: `It lies inside ${from}, which is to be copied.` })
  const stat = await backend.stat(from, { signal: options.signal })
  if (from === to) return counts
  if (stat.kind === 'file') {
    await copyFile({ backend, options, counts }, stat, to)
    return counts
  }
  if (await copiedAtOnce(backend, from, { to, signal: options.signal })) return { ...counts, oneStep: true }
  await copyByWalking({ backend, options, counts }, from, to)
  return counts
}

/** Where the store has no such step, or no conditions, it says so; and where the target is there already, it has to be merged with. */
async function copiedAtOnce(backend: Backend & Required<Pick<Backend, 'copy'>>, from: Path, { to, signal }: { readonly to: Path } & CallOptions): Promise<boolean> {
  const { copy } = backend.capabilitiesAt?.(from) ?? backend.capabilities
  if (copy !== 'server' || hasMountBelow(backend, from) || hasMountBelow(backend, to)) return false
  try {
    await backend.copy(from, to, { ifNoneMatch: '*', signal })
    return true
  } catch (error) {
    if (isNexusError(error, 'is_directory') || isNexusError(error, 'precondition_failed') || isNexusError(error, 'unsupported')) return false
    throw error
  }
}

interface CopyContext {
  readonly backend: Backend & Required<Pick<Backend, 'copy'>>
  readonly options: CopyTreeOptions
  readonly counts: Counts
}

async function copyByWalking(context: CopyContext, from: Path, to: Path): Promise<void> {
  const { backend, options: { signal, crossMounts, concurrency = 8 } } = context
  const keepsDirectories = (backend.capabilitiesAt?.(to) ?? backend.capabilities).emptyDirectories
  const target = (path: Path): Path => underPath(to, relativePath(path, from))
  if (keepsDirectories) await backend.mkdir(to, { recursive: true, signal })
  const entries = walk(backend, from, { op: 'copyTree', signal, crossMounts })
  await forEachConcurrently(entries, { concurrency, signal }, async (entry, ownSignal) => {
    if (entry.kind === 'file') return copyFile({ ...context, options: { ...context.options, signal: ownSignal } }, entry, target(entry.path))
    context.counts.directories++
    if (keepsDirectories) await backend.mkdir(target(entry.path), { recursive: true, signal: ownSignal })
  })
}

async function copyFile({ backend, options, counts }: CopyContext, file: Pick<Entry, 'path' | 'metadata' | 'sizeBytes'>, to: Path): Promise<void> {
  if (file.metadata?.['symlink'] !== undefined || !(await copyUnlessThere(backend, file.path, { to, ...options }))) counts.skipped++
  else {
    counts.files++
    counts.bytes += file.sizeBytes ?? 0
  }
  options.onProgress?.({ ...counts, path: file.path })
}

/** Whether it was copied; false where something is there and is to stay. */
async function copyUnlessThere(backend: CopyContext['backend'], from: Path, { to, ifExists = 'replace', onPass, signal }: { readonly to: Path } & CopyTreeOptions): Promise<boolean> {
  const options: KernelMoveOptions = { signal, onPass, ifNoneMatch: ifExists === 'replace' ? undefined : '*' }
  try {
    await backend.copy(from, to, options)
    return true
  } catch (error) {
    if (ifExists === 'skip' && isNexusError(error, 'precondition_failed')) return false
    throw error
  }
}
