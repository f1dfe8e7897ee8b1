import type { Backend, Capabilities } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import type { MountLayers } from '../layers/order-layers.ts'

/** What the kernel is given to mount. */
export interface MountEntry {
  readonly mountPoint: Path
  readonly backend: Backend
  /** Named in messages and by `mounts()`; never holds a secret. */
  readonly uri?: string | undefined
  /** Names the storage for the journal of moves, the same in every process; never holds a secret. Without it no move from or to it is written down. */
  readonly storage?: string | undefined
  /** Scheme of the backend, as the registry knows it. */
  readonly backendType: string
  readonly name?: string | undefined
  /** Higher wins over a longer prefix. Default 0. */
  readonly priority?: number | undefined
  readonly readonly?: boolean | undefined
  /** Mounts even where another mount becomes unreachable, or this one is. */
  readonly allowShadow?: boolean | undefined
  /** Default: made by the kernel. Taken already: `invalid_argument`. */
  readonly id?: string | undefined
  readonly layout?: 'path' | 'cas' | undefined
  /** Layers beside metrics and read-only, which the kernel puts on itself. */
  readonly layers?: MountLayers | undefined
}

/** What stands in the mount table. */
export interface MountInfo {
  readonly id: string
  readonly name?: string | undefined
  readonly mountPoint: Path
  readonly uri?: string | undefined
  /** Names the storage, the same in every process: by it moves between mounts are written down. Absent for storage without a name. */
  readonly storage?: string | undefined
  readonly backendType: string
  readonly layout?: 'path' | 'cas' | undefined
  readonly priority: number
  readonly readonly: boolean
  readonly capabilities: Capabilities
  /** `unavailable`: it could not be opened, and every call to it says why. */
  readonly state: 'active' | 'unavailable'
}

/** How an unmount treats what is under way. */
export interface UnmountOptions {
  /** `true` (default): waits for calls, bodies and iterations under way. `false`: ends them with `unavailable`. */
  readonly drain?: boolean | undefined
  /** Gives the waiting up: what is still under way is ended as by `drain: false`, and the unmount goes on. */
  readonly signal?: AbortSignal | undefined
}
