import { describe, expect, it } from 'vitest'
import type { Backend } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { parsePath, rootPath } from '../contract/paths.ts'
import { metrics } from './metrics.ts'
import { createMetricsRegistry, type MetricsRegistry } from './metrics-registry.ts'

function measured(): { backend: Backend; registry: MetricsRegistry; inner: { capabilities: object } } {
  let nowMs = 0
  const registry = createMetricsRegistry({ now: () => nowMs })
  const inner = {
    scheme: 'fake',
    capabilities: { ranges: true },
    stat: (path: string) => {
      nowMs += 30
      return path === '/' ? Promise.resolve({}) : Promise.reject(new NexusError('not_found'))
    },
    async *list() {
      yield await Promise.resolve(1)
      nowMs += 2
      yield 2
      throw new DOMException('aborted', 'AbortError')
    },
    close: () => Promise.resolve(),
  }
  return { backend: metrics(registry, { mount: '/a "b"' })(inner as unknown as Backend), registry, inner }
}

describe('metrics', () => {
  it('counts calls, failures by code and time, and changes no answer', async () => {
    const { backend, registry } = measured()
    await backend.stat(rootPath)
    await expect(backend.stat(parsePath('/x'))).rejects.toMatchObject({ code: 'not_found' })
    const found: unknown[] = []
    await expect(
      (async () => {
        for await (const entry of backend.list(rootPath)) found.push(entry)
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' })
    expect(found).toEqual([1, 2])
    expect(registry.operations()).toEqual([
      { mount: '/a "b"', op: 'stat', calls: 2, errors: { not_found: 1 }, totalMs: 60, latencyMs: { median: 37.5, p95: 48.8 } },
      { mount: '/a "b"', op: 'list', calls: 1, errors: { aborted: 1 }, totalMs: 2, latencyMs: { median: 1.75, p95: 2.43 } },
    ])
  })

  it('counts an iteration that is left', async () => {
    const { backend, registry } = measured()
    for await (const entry of backend.list(rootPath)) {
      expect(entry).toBe(1)
      break
    }
    expect(registry.operations()).toMatchObject([{ op: 'list', calls: 1, errors: {} }])
  })

  it('tells Prometheus counters and a cumulative histogram, with labels escaped', async () => {
    const { backend, registry } = measured()
    await backend.stat(rootPath)
    const lines = registry.toPrometheus().split('\n')
    const labels = 'mount="/a \\"b\\"",op="stat"'
    expect(lines).toContain(`nexus_operations_total{${labels}} 1`)
    expect(lines).toContain(`nexus_operation_seconds_bucket{${labels},le="0.025"} 0`)
    expect(lines).toContain(`nexus_operation_seconds_bucket{${labels},le="0.05"} 1`)
    expect(lines).toContain(`nexus_operation_seconds_bucket{${labels},le="+Inf"} 1`)
    expect(lines).toContain(`nexus_operation_seconds_sum{${labels}} 0.03`)
    registry.forget('/a "b"')
    expect(registry.operations()).toEqual([])
  })

  it('tells the median and the 95th of a hundred by its histogram', () => {
    const registry = createMetricsRegistry()
    const recorder = registry.recorder('/a', 'read')
    for (let ms = 1; ms <= 100; ms++) recorder.record(ms)
    expect(registry.operations()[0]?.latencyMs).toEqual({ median: 50, p95: 95 })
    registry.recorder('/a', 'write').record(60_000)
    expect(registry.operations()[1]?.latencyMs).toEqual({ median: 10_000, p95: 10_000 })
  })

  it('leaves out what the backend lacks', () => {
    expect('append' in measured().backend).toBe(false)
  })
})
