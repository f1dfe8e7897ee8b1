import type { NexusError } from '@nexus/core/contract'

/** What a copy did; counts grow while it runs. */
export interface CopyCounts {
  files: number
  directories: number
  bytes: number
  /** Links, which are never followed. */
  links: number
  /** Devices, sockets, FIFOs. */
  specials: number
  /** Files that `--no-clobber` left alone. */
  existing: number
  /** Files compared after copying. */
  verified: number
  /** A repository copied a whole tree in one commit: its files are not counted. */
  wholeTrees: number
  failures: number
  /** The first ones; all of them are counted. */
  readonly told: NexusError[]
}

/** Nothing copied yet. */
export function noCounts(): CopyCounts {
  return { files: 0, directories: 0, bytes: 0, links: 0, specials: 0, existing: 0, verified: 0, wholeTrees: 0, failures: 0, told: [] }
}
