import type { ErrorCode } from '../contract/errors.ts'

/** Upper bounds of the latency histogram, in seconds. */
const bucketSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** What was counted of one verb on one mount. */
export interface OperationMetrics {
  readonly mount: string
  readonly op: string
  /** Calls that came to an end, failed ones among them. */
  readonly calls: number
  readonly errors: Readonly<Partial<Record<FailureCode, number>>>
  readonly totalMs: number
  /** From the histogram, and so as near as its buckets are: 10,000 stands for all that is longer. */
  readonly latencyMs: LatencyMs
}

/** How long calls took, in milliseconds: half of them, and 19 of 20, took no longer. */
export interface LatencyMs {
  readonly median: number
  readonly p95: number
}

/** A NexusError's code, or `aborted` for a call that its caller gave up. */
export type FailureCode = ErrorCode | 'aborted'

/** Counts one verb. */
export interface OperationRecorder {
  /** @param elapsedMs From the call to its end. @param failure `undefined` when it succeeded */
  record(elapsedMs: number, failure?: FailureCode): void
}

/** Counts, errors by code and latencies of every verb of every mount. */
export interface MetricsRegistry {
  /** Milliseconds on a clock that only goes forward. */
  now(): number
  recorder(mount: string, op: string): OperationRecorder
  operations(): readonly OperationMetrics[]
  /** Drops what was counted of a mount. */
  forget(mount: string): void
  /** Prometheus text exposition format 0.0.4: `nexus_operations_total`, `nexus_operation_errors_total`, `nexus_operation_seconds`. */
  toPrometheus(): string
}

interface Series {
  readonly mount: string
  readonly op: string
  calls: number
  totalMs: number
  readonly buckets: number[]
  readonly errors: Partial<Record<FailureCode, number>>
}

/** A registry that starts with nothing counted. `now` is the clock of its latencies; default `performance.now`. */
export function createMetricsRegistry({ now = () => performance.now() }: { readonly now?: () => number } = {}): MetricsRegistry {
  const all = new Map<string, Map<string, Series>>()
  const seriesOf = (mount: string, op: string): Series => {
    const ofMount = getOrInsert(all, mount, () => new Map<string, Series>())
    return getOrInsert(ofMount, op, () => ({ mount, op, calls: 0, totalMs: 0, buckets: bucketSeconds.map(() => 0), errors: {} }))
  }
  const flat = (): Series[] => [...all.values()].flatMap((ofMount) => [...ofMount.values()])
  return {
    now,
    recorder: (mount, op) => {
      let series: Series | undefined
      return { record: (elapsedMs, failure) => count((series ??= seriesOf(mount, op)), elapsedMs, failure) }
    },
    operations: () => flat().map(told),
    forget: (mount) => void all.delete(mount),
    toPrometheus: () => render(flat()),
  }
}

function told({ mount, op, calls, errors, totalMs, buckets }: Series): OperationMetrics {
  const at = (part: number): number => quantileMs(buckets, calls * part)
  return { mount, op, calls, errors: { ...errors }, totalMs, latencyMs: { median: at(0.5), p95: at(0.95) } }
}

/** The time below which `rank` calls stayed; within its bucket they are taken to lie evenly. */
function quantileMs(buckets: readonly number[], rank: number): number {
  let below = 0
  for (const [index, limit] of bucketSeconds.entries()) {
    const count = buckets[index] ?? 0
    const lower = index === 0 ? 0 : (bucketSeconds[index - 1] ?? 0)
    if (count > 0 && below + count >= rank) return roundMs((lower + ((limit - lower) * (rank - below)) / count) * 1000)
    below += count
  }
  return roundMs((bucketSeconds.at(-1) ?? 0) * 1000)
}

function roundMs(ms: number): number {
  return Number(ms.toPrecision(3))
}

function getOrInsert<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const created = create()
  map.set(key, created)
  return created
}

function count(series: Series, elapsedMs: number, failure: FailureCode | undefined): void {
  series.calls++
  series.totalMs += elapsedMs
  if (failure !== undefined) series.errors[failure] = (series.errors[failure] ?? 0) + 1
  const bucket = bucketSeconds.findIndex((limit) => elapsedMs <= limit * 1000)
  if (bucket !== -1) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1
}

function render(all: readonly Series[]): string {
  const calls = all.map((series) => `nexus_operations_total{${labels(series)}} ${series.calls}`)
  const errors = all.flatMap((series) =>
    Object.entries(series.errors).map(([code, count]) => `nexus_operation_errors_total{${labels(series)},code="${code}"} ${count}`),
  )
  return [
    '# TYPE nexus_operations_total counter',
    ...calls,
    '# TYPE nexus_operation_errors_total counter',
    ...errors,
    '# TYPE nexus_operation_seconds histogram',
    ...all.flatMap(renderHistogram),
    '',
  ].join('\n')
}

function renderHistogram(series: Series): string[] {
  let sum = 0
  const buckets = bucketSeconds.map((limit, index) => {
    sum += series.buckets[index] ?? 0
    return `nexus_operation_seconds_bucket{${labels(series)},le="${limit}"} ${sum}`
  })
  return [
    ...buckets,
    `nexus_operation_seconds_bucket{${labels(series)},le="+Inf"} ${series.calls}`,
    `nexus_operation_seconds_sum{${labels(series)}} ${series.totalMs / 1000}`,
    `nexus_operation_seconds_count{${labels(series)}} ${series.calls}`,
  ]
}

function labels({ mount, op }: Series): string {
  return `mount="${mount.replace(/["\\\n]/g, (special) => (special === '\n' ? '\\n' : `\\${special}`))}",op="${op}"`
}
