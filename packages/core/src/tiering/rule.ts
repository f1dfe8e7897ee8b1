import type { Path } from '../contract/paths.ts'

/** Which files of a directory belong to other storage, and how they go there. All conditions that are given must hold. */
export interface TierRule {
  /** The directory whose files are looked at. */
  readonly from: Path
  /** The directory that takes them, under the same relative paths; in another mount, or elsewhere in the same one. */
  readonly to: Path
  /** `move`: a file is found under `to` afterwards. `keep`: it is found where it was, and its bytes lie under `to`. */
  readonly paths: 'move' | 'keep'
  /** Unchanged for so long, in milliseconds. */
  readonly olderThanMs?: number | undefined
  /** Neither changed nor read for so long, in milliseconds. */
  readonly idleForMs?: number | undefined
  readonly largerThanBytes?: number | undefined
  readonly smallerThanBytes?: number | undefined
  /** Glob patterns relative to `from`; one must match. Default: every file. */
  readonly include?: readonly string[] | undefined
  /** Glob patterns relative to `from`; none may match. */
  readonly exclude?: readonly string[] | undefined
  /** Only with `keep`. While `from` holds as much, new files go to `to` at once, and a run moves the least recently used ones until it holds less. */
  readonly capacityBytes?: number | undefined
}

/** Whether a rule needs to know when files were last read. */
export function asksForReads({ idleForMs, capacityBytes }: TierRule): boolean {
  return idleForMs !== undefined || capacityBytes !== undefined
}
