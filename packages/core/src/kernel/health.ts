import type { Path } from '../contract/paths.ts'
import type { Mounted } from './mounted.ts'
import { unavailableReason } from './unavailable.ts'

/** How the mounts are. */
export interface KernelHealth {
  /** `degraded`: at least one mount could not be opened. */
  readonly status: 'ok' | 'degraded'
  readonly mounts: readonly MountHealth[]
}

/** How one mount is. */
export interface MountHealth {
  readonly id: string
  readonly mountPoint: Path
  readonly state: 'active' | 'unavailable'
  /** Why it is unavailable. */
  readonly reason?: string | undefined
  /** Calls, bodies and iterations under way. */
  readonly underWay: number
}

/** What is known of the mounts without asking their storage. */
export function healthOf(mounts: Iterable<Mounted>): KernelHealth {
  const all = Array.from(mounts, ({ id, mountPoint, facts, source, active }) => ({
    id,
    mountPoint,
    state: facts.state,
    reason: unavailableReason(source),
    underWay: active,
  }))
  return { status: all.every(({ state }) => state === 'active') ? 'ok' : 'degraded', mounts: all }
}
