import type { Durability } from '@nexus/core'
import type { CommitStep } from '../model/open-test-repository.ts'
import type { Step } from '../model/tree.ts'

/** What a writing process is told to do. */
export interface WriterPlan {
  readonly root: string
  /** A repository in a bucket, in place of one at `root`. */
  readonly uri?: string | undefined
  /** Directory that is this writer's alone; each lane has one below it. */
  readonly directory: string
  readonly seed: number
  readonly durability: Durability
  /** So many lanes write at once, each one step after the other. */
  readonly lanes: number
  /** Whether its first lane also collects garbage, compacts and writes checkpoints. */
  readonly maintains: boolean
  /** Largest body in bytes. */
  readonly largestBytes: number
  /** Where the process kills itself: the `nth` time that a commit of this kind comes to this step. */
  readonly killAt?: { readonly step: CommitStep; readonly during: Step['op']; readonly nth: number } | undefined
  /** What it does more often than other things. */
  readonly only?: Step['op'] | undefined
  /** Broken on purpose: acknowledges before it does. The negative control of the check. */
  readonly acknowledgesEarly?: boolean | undefined
}

/** What a writing process says, one line of JSON each: a step is begun, a step is acknowledged. */
export type WriterReport =
  | { readonly lane: number; readonly begin: Step }
  | { readonly lane: number; readonly ack: true; readonly path?: string | undefined; readonly digest?: string | undefined }

/** Directory of a lane. */
export function laneDirectory(directory: string, lane: number): string {
  return `${directory}/lane${lane}`
}
