import { mountSync } from '@nexus/core'
import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { freshBytes } from '../payload.ts'
import { formatTime, median } from '../statistics.ts'
import { openNexusMount } from '../stores/nexus-store.ts'
import type { Fact, FactRow } from './row.ts'

const limitMicroseconds = 30

async function measure(lab: Lab): Promise<readonly Fact[]> {
  const operations = lab.pick({ full: 2000, quick: 1000, tiny: 5 })
  const root = lab.directory('sync')
  const { fs, at, close } = await openNexusMount(root, 'os')
  const paths = Array.from({ length: operations }, (_, index) => `${at}/f-${index}`)
  for (const path of paths) await fs.write(path, freshBytes(1024))
  const blocking = mountSync({ uri: `local://${root}?layout=cas&durability=os`, at }, { ephemeral: true, backends: { local: import.meta.resolve('@nexus/backend-local') } })
  try {
    const times = { sync: [] as number[], async: [] as number[] }
    for (let round = 0; round <= lab.pick({ full: 11, quick: 5, tiny: 1 }); round++) {
      const found = {
        sync: (await elapsed(() => Promise.resolve(paths.map((path) => blocking.read(path))))) / operations,
        async: (await elapsed(() => inFlight(1, paths.map((path) => () => fs.read(path))))) / operations,
      }
      if (round > 0) for (const name of ['sync', 'async'] as const) times[name].push(found[name])
    }
    const [sync, asynchronous] = [median(times.sync), median(times.async)]
    const value = `${formatTime(sync)} against ${formatTime(asynchronous)}`
    return [{ title: 'read 1 KB without await, by a worker, against the async call', value, goal: `at most ${limitMicroseconds} us more`, isReached: sync - asynchronous <= limitMicroseconds }]
  } finally {
    blocking.close()
    await close()
  }
}

/** What it costs not to wait by promise. */
export const syncRow: FactRow = { kind: 'facts', title: 'read 1 KB without await', measure }
