import { openMemory } from '@nexus/backend-memory'
import { describeBackend } from '@nexus/conformance'
import { createFaultPlan, createMetricsRegistry, faults, type Layer, metrics, orderLayers, readonly, retry, timeout } from '@nexus/core/contract'

const layers: Readonly<Record<string, () => Layer>> = {
  readonly: () => readonly(),
  metrics: () => metrics(createMetricsRegistry()),
  timeout: () => timeout(60_000),
  retry: () => retry(),
  'faults with an empty plan': () => faults(createFaultPlan([])),
  'all layers together': () =>
    orderLayers({ metrics: metrics(createMetricsRegistry()), retry: retry(), timeout: timeout(60_000), faults: faults(createFaultPlan([])) }),
}

for (const [name, layer] of Object.entries(layers)) describeBackend(`Memory under ${name}`, { open: () => layer()(openMemory()) })

describeBackend('Memory under retry, with each first call refused', {
  open: () => {
    const refused = (['stat', 'read', 'delete', 'mkdir', 'setMetadata', 'rename', 'copy', 'batch', 'usage'] as const).map(
      (op) => ({ op, kind: 'fail', code: 'rate_limited' }) as const,
    )
    return orderLayers({ retry: retry({ sleep: () => Promise.resolve() }), faults: faults(createFaultPlan(refused)) })(openMemory())
  },
})
