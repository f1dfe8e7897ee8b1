import type { Layer } from '../contract/backend.ts'

/** The layers of one mount, by what they do; absent ones cost nothing. */
export interface MountLayers {
  readonly metrics?: Layer | undefined
  readonly readonly?: Layer | undefined
  /** Looks elsewhere for files that were moved to other storage. */
  readonly tier?: Layer | undefined
  readonly cache?: Layer | undefined
  readonly retry?: Layer | undefined
  readonly breaker?: Layer | undefined
  readonly limit?: Layer | undefined
  /** Bounds one attempt, so that it stands below `retry`. */
  readonly timeout?: Layer | undefined
  readonly faults?: Layer | undefined
}

/** Outermost first (DESIGN.md, section 3). */
const order = ['metrics', 'readonly', 'tier', 'cache', 'retry', 'breaker', 'limit', 'timeout', 'faults'] as const satisfies readonly (keyof MountLayers)[]

/** One layer of many, put on in the order in which they work: metrics, read-only, tier, cache, retry, breaker, limit, timeout, faults, then the backend. */
export function orderLayers(layers: MountLayers): Layer {
  return (inner) => order.reduceRight((backend, name) => layers[name]?.(backend) ?? backend, inner)
}
