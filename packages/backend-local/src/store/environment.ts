import { type FileOperations, nodeFiles } from './files.ts'
import { probeBootId, probeFilesystem } from './machine.ts'

/** Moments of a commit at which a test may kill the process. */
export type Step =
  | 'after-lock'
  | 'after-write'
  | 'after-sync'
  | 'after-publish'
  | 'segment-written'
  | 'segment-renamed'
  | 'segment-ready'
  | 'content-staged'
  | 'content-published'
  | 'content-settled'

/** What the store takes from the machine; everything is an input, so that a test can put another world in its place. */
export interface LocalEnvironment {
  readonly files: FileOperations
  /** Changes when bytes that were never synced may have been lost. */
  readonly bootId: string
  /** Kind of the file system that holds a path. */
  readonly filesystem: (path: string) => string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** How long a commit waits for another process, in milliseconds. */
  readonly lockTimeoutMs: number
  readonly onStep?: ((step: Step) => void) | undefined
}

/** This machine, as it is, except what is given. */
export function environmentOf(given: Partial<LocalEnvironment>): LocalEnvironment {
  return {
    files: given.files ?? nodeFiles,
    bootId: given.bootId ?? probeBootId(),
    filesystem: given.filesystem ?? probeFilesystem,
    now: given.now ?? Date.now,
    lockTimeoutMs: given.lockTimeoutMs ?? 30_000,
    onStep: given.onStep,
  }
}
