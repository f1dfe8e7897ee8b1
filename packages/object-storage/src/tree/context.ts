import type { Capabilities } from '@nexus/core/contract'
import type { ObjectStore } from '../object-store.ts'
import type { Activity } from './activity.ts'
import type { KnownDirectories } from './known-directories.ts'
import type { NestedRepositories } from './nested.ts'

/** A tree of objects, as its verbs see it. */
export interface TreeContext {
  readonly store: ObjectStore
  readonly capabilities: Capabilities
  readonly activity: Activity
  readonly known: KnownDirectories
  readonly nested: NestedRepositories
  /** A longer body is stored in parts, in bytes. */
  readonly singlePutBytes: number
  /** Runs `work` after what was given before under the same key. */
  readonly inTurn: <T>(key: string, work: () => Promise<T>) => Promise<T>
}
