import type { Throttle } from '@nexus/core'
import type { Cli } from '../cli.ts'
import type { Session } from '../session.ts'
import type { Progress } from '../terminal/progress.ts'
import type { CopyCounts } from './copy-counts.ts'

/** What every way of copying has. */
export interface CopyContext {
  readonly cli: Cli
  readonly session: Session
  readonly counts: CopyCounts
  readonly progress: Progress
  readonly verify: boolean
  readonly replaces: boolean
  readonly recursive: boolean
  /** Holds back what passes; absent: no limit. */
  readonly throttle?: Throttle | undefined
  /** Of a tree of this machine: how many files are taken at most, and which directory is left out. Default: everything. */
  readonly within?: TreeLimits | undefined
}

/** A part of a tree. */
export interface TreeLimits {
  readonly maxFiles?: number | undefined
  readonly excluded?: Buffer | undefined
}

/** Files under way at once: enough writers for one sync to serve many of them. */
export const filesInFlight = 32
