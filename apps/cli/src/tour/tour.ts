import type { MountedNexusFS } from '@nexus/core'
import type { Cli } from '../cli.ts'

/** What the steps of the tour share. */
export interface Tour {
  readonly cli: Cli
  /** The repository at `/tour`. */
  readonly fs: MountedNexusFS
  /** Absolute host path of the tree that is taken in. */
  readonly source: string
  /** Absolute host paths of what the tour makes. */
  readonly places: TourPlaces
  /** Prints what a step did, and the command that does the same. */
  readonly tell: (did: string, command: string) => Promise<void>
  /** Prints something that a step shows, set off. */
  readonly show: (line: string) => Promise<void>
}

/** Where the tour keeps what it makes. */
export interface TourPlaces {
  readonly home: string
  readonly repository: string
  readonly state: string
  readonly bin: string
}

/** Where the repository is mounted. */
export const tourMount = '/tour'

/** Files that are taken in at most. */
export const maxTourFiles = 10_000
