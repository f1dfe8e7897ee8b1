import type { Path } from '../contract/paths.ts'
import { healthOf } from './health.ts'
import { infoOf, type MountSet } from './mount-set.ts'
import { Mounted } from './mounted.ts'
import { type SystemFile, systemBackend } from './system-backend.ts'

/** Mounts what the kernel tells of itself at `/__sys__`, and keeps `/__pipes__` for itself. Nothing can stand above them. */
export function mountSystem(set: MountSet, version: string): void {
  const json = (value: () => unknown): SystemFile => ({ contentType: 'application/json', render: () => `${JSON.stringify(value(), undefined, 2)}\n` })
  const files: Record<string, SystemFile> = {
    'health.json': json(() => healthOf(set)),
    metrics: { contentType: 'text/plain; version=0.0.4', render: () => set.registry.toPrometheus() + routing(set) },
    'mounts.json': json(() => Array.from(set.mounts.values(), infoOf)),
    version: { contentType: 'text/plain', render: () => `${version}\n` },
  }
  addHidden(set, '/__sys__' as Path, files)
  addHidden(set, '/__pipes__' as Path, {})
}

function addHidden({ table }: MountSet, mountPoint: Path, files: Readonly<Record<string, SystemFile>>): void {
  const backend = systemBackend(files)
  const facts = { id: mountPoint, mountPoint, backendType: 'nexus', priority: Infinity, readonly: true, state: 'active' } as const
  table.add(new Mounted({ facts, backend, source: backend, hidden: true }))
}

function routing({ table, mounts }: MountSet): string {
  return `# TYPE nexus_mounts gauge\nnexus_mounts ${mounts.size}\n# TYPE nexus_route_nodes_visited_total counter\nnexus_route_nodes_visited_total ${table.visitedNodes()}\n`
}
