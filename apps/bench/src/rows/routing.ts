import { createKernel, createSlimNexusFS, type SlimNexusFS } from '@nexus/core'
import { type Backend, NexusError, parsePath } from '@nexus/core/contract'
import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { formatTime, median } from '../statistics.ts'
import { compared } from './million.ts'
import type { Fact, FactRow } from './row.ts'

/** A backend that knows one answer, so that only the way to it is measured. */
function answering(): Backend {
  const refuse = (): never => {
    throw new NexusError('unsupported', { reason: 'This backend only answers stat.' })
  }
  return {
    scheme: 'answering',
    capabilities: {
      fidelity: 'bytes', readonly: false, ifMatch: false, ifNoneMatch: false, ranges: false, append: false, metadata: false, emptyDirectories: false,
      rename: false, directoryRename: false, copy: false, batch: false, versions: false, snapshots: false, changes: false, search: false, presign: false,
    },
    stat: (path) => Promise.resolve({ path, kind: 'file', etag: 'x', sizeBytes: 1, metadata: {} }),
    read: refuse,
    write: refuse,
    delete: refuse,
    list: refuse,
    mkdir: refuse,
    close: () => Promise.resolve(),
  }
}

async function mountMany(count: number): Promise<SlimNexusFS> {
  const kernel = createKernel()
  for (let index = 0; index < count; index++) {
    await kernel.mount({ mountPoint: parsePath(`/team-${index % 100}/m-${index}`), backend: answering(), backendType: 'answering' })
  }
  return createSlimNexusFS(kernel)
}

/** @param among So many of the mounts are asked, in turn. */
async function route(fs: SlimNexusFS, among: number): Promise<number> {
  const operations = 5000
  const paths = Array.from({ length: operations }, (_, index) => (index * 7919) % among).map((index) => `/team-${index % 100}/m-${index}/docs/file`)
  return (await elapsed(() => inFlight(1, paths.map((path) => () => fs.stat(path))))) / operations
}

async function measure(lab: Lab): Promise<readonly Fact[]> {
  const counts = { few: 10, many: lab.pick({ full: 100_000, quick: 100_000, tiny: 50 }) }
  const few = await mountMany(counts.few)
  const many = await mountMany(counts.many)
  const times = { few: [] as number[], many: [] as number[], scattered: [] as number[] }
  for (let round = 0; round <= lab.pick({ full: 15, quick: 7, tiny: 1 }); round++) {
    const found = { few: await route(few, counts.few), many: await route(many, counts.few), scattered: await route(many, counts.many) }
    if (round > 0) for (const name of ['few', 'many', 'scattered'] as const) times[name].push(found[name])
  }
  await few.close()
  // Ending so many mounts one by one is not what is measured: they hold nothing and go with the process.
  return [
    compared(`routing to ${counts.few} mounts of ${counts.many} against ${counts.few} of ${counts.few}`, median(times.many), { against: median(times.few), limit: 1.5 }),
    { title: `routing to all of ${counts.many} mounts in turn, none of them in the processor's cache`, value: formatTime(median(times.scattered)) },
  ]
}

/** What the number of mounts costs a call. */
export const routingRow: FactRow = { kind: 'facts', title: 'routing among 100,000 mounts', measure }
