import type { ServiceHealth } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import type { LatencyMs, MetricsRegistry } from '../layers/metrics-registry.ts'
import type { Mounted } from './mounted.ts'
import { unavailableReason } from './unavailable.ts'

/** How the mounts are. */
export interface KernelHealth {
  /** `degraded`: at least one mount could not be opened, or its service does not answer. */
  readonly status: 'ok' | 'degraded'
  readonly mounts: readonly MountHealth[]
}

/** How one mount is. */
export interface MountHealth {
  readonly id: string
  readonly mountPoint: Path
  /** `degraded`: it is open, and its service has not answered several times in a row, so that requests are refused for a while. */
  readonly state: 'active' | 'degraded' | 'unavailable'
  /** Why it is degraded or unavailable. */
  readonly reason?: string | undefined
  /** Calls, bodies and iterations under way. */
  readonly underWay: number
  /** Of each verb that was called: how long it took until its answer, or the end of its iteration. */
  readonly latencyMs: Readonly<Record<string, LatencyMs>>
  /** How its service is doing, where it is asked over a network. */
  readonly service?: ServiceHealth | undefined
}

/** What is known of the mounts without asking their storage. */
export function healthOf({ mounts, registry }: { readonly mounts: ReadonlyMap<string, Mounted>; readonly registry: MetricsRegistry }): KernelHealth {
  const operations = Map.groupBy(registry.operations(), ({ mount }) => mount)
  const all = Array.from(mounts.values(), (mounted): MountHealth => {
    const { id, mountPoint, active, backend } = mounted
    const service = backend.serviceHealth?.()
    const latencies = (operations.get(mountPoint) ?? []).map(({ op, latencyMs }) => [op, latencyMs])
    return { id, mountPoint, ...stateOf(mounted, service), underWay: active, latencyMs: Object.fromEntries(latencies) as Record<string, LatencyMs>, service }
  })
  return { status: all.every(({ state }) => state === 'active') ? 'ok' : 'degraded', mounts: all }
}

function stateOf({ facts, source }: Mounted, service: ServiceHealth | undefined): Pick<MountHealth, 'state' | 'reason'> {
  if (facts.state === 'unavailable') return { state: 'unavailable', reason: unavailableReason(source) }
  if (service === undefined || service.refusing.length === 0) return { state: 'active' }
  return { state: 'degraded', reason: `The service gave no answer several times in a row; ${service.refusing.join(' and ')} requests are refused for a while.` }
}
