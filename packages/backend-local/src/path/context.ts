import type { OpenContext, Path } from '@nexus/core/contract'
import type { LocalConfig } from '../config.ts'
import type { Activity } from './activity.ts'
import type { AttributeStore } from './attributes.ts'
import type { OpenFiles } from './open-files.ts'
import type { Root } from './root.ts'
import type { Temporaries } from './temporaries.ts'
import type { WriteOrder } from './write-order.ts'

/** What the verbs of one open mount share. */
export interface PathContext {
  readonly config: LocalConfig
  readonly now: OpenContext['now']
  readonly random: OpenContext['random']
  /** Nexus' own directories as far as they lie in this tree. */
  readonly privatePaths: readonly Path[]
  readonly root: Root
  readonly attributes: AttributeStore
  readonly order: WriteOrder
  readonly temporaries: Temporaries
  /** Aborted when the mount closes. */
  readonly closing: AbortSignal
  readonly activity: Activity
  readonly openFiles: OpenFiles
  /** Directories that were made and whose names are not yet on disk, by identity. */
  readonly unsynced: Map<string, Promise<void>>
}
