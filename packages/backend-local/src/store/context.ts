import type { RecordCodec } from '@nexus/core/contract'
import type { LocalEnvironment } from './environment.ts'
import type { HeadFile } from './head.ts'
import type { Layout } from './layout.ts'
import type { RepositoryLock } from './lock.ts'
import type { Segments } from './segments.ts'

/** The segment that this process writes to, as it was when the lock was held last. */
export interface WriteTarget {
  readonly fd: number
  readonly segment: number
  readonly sizeBytes: number
  readonly generation: number
}

/** What the parts of the journal share. */
export interface JournalContext {
  readonly layout: Layout
  readonly environment: LocalEnvironment
  readonly codec: RecordCodec
  readonly lock: RepositoryLock
  readonly head: HeadFile
  readonly segments: Segments
  /** Directory below `tmp/` that is this store's own. */
  readonly scratch: () => string
  /** Id of the repository, from `nexus.json`. */
  readonly repository: () => string
  target: WriteTarget | undefined
}
