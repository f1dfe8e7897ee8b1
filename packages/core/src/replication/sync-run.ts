import type { Backend, Entry, FileStat } from '../contract/backend.ts'
import { type Path, underPath } from '../contract/paths.ts'
import { checkCount } from '../contract/check-arguments.ts'
import { requireMember } from '../facade/require-member.ts'
import { compileFilter, type SyncFilter } from './filter.ts'
import type { Item, Side } from './items.ts'
import { refuseOverlap } from './refuse-overlap.ts'
import type { SyncOptions } from './sync-options.ts'
import type { Tally } from './tally.ts'
import { createThrottle, type Throttle } from './throttle.ts'

/** What was copied from where, in which states: it decides what is the same where nothing may be taken for likely. */
export interface CopyLedger {
  /** Whether both are, in the states in which they stand, a file and its copy. */
  holds(source: Entry, target: Entry): boolean
  note(source: Entry, target: FileStat): void
}

/** Two directories that are made equal, checked. */
export interface SyncPair {
  readonly backend: Backend & Required<Pick<Backend, 'copy'>>
  readonly from: Path
  readonly to: Path
  readonly options: SyncOptions
  readonly filter: SyncFilter
  readonly throttle: Throttle | undefined
  /** That a copy is newer than its source is not taken for proof that they are the same. */
  readonly doubtsTimes?: boolean | undefined
  /** Asked instead of sizes, digests and times. */
  readonly ledger?: CopyLedger | undefined
}

/** One pass over a pair, or a part of it. */
export interface SyncRun extends SyncPair {
  readonly tally: Tally
  /** What is looked at, seen from both directories: `/` for all. */
  readonly part: Path
}

/** @throws NexusError `invalid_argument` for places that lie in one another, and for an option that is none */
export async function openPair(backend: Backend, from: Path, { to, op, ...options }: { readonly to: Path; readonly op: string } & SyncOptions): Promise<SyncPair> {
  requireMember(backend, 'copy', from)
  refuseOverlap(backend, from, { to, op })
  if (options.concurrency !== undefined) checkCount(options.concurrency, 'concurrency', { op, path: from, least: 1 })
  const throttle = options.bytesPerSecond === undefined ? undefined : createThrottle(options.bytesPerSecond)
  return { backend, from, to, options, filter: await compileFilter(options.filter ?? []), throttle }
}

/** The side that is read. */
export function sourceSide({ backend, from, part, filter, options }: SyncRun): Side {
  return { backend, root: from, part, filter, crossMounts: options.crossMounts === true, looksIntoMounts: false, signal: options.signal }
}

/** The side that is changed. */
export function targetSide({ backend, to, part, filter, options }: SyncRun): Side {
  return { backend, root: to, part, filter, crossMounts: options.crossMounts === true, looksIntoMounts: true, signal: options.signal }
}

/** Where something of the source belongs. */
export function targetPath({ to }: SyncPair, { key }: Item): Path {
  return pathOf(to, key)
}

/** Where something of the target comes from. */
export function sourcePath({ from }: SyncPair, { key }: Item): Path {
  return pathOf(from, key)
}

function pathOf(root: Path, key: string): Path {
  return underPath(root, `/${key.replace(/\/$/, '')}` as Path)
}
