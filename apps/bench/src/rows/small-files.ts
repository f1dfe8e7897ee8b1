import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { freshBytes } from '../payload.ts'
import type { FileStore, TreeStore } from '../stores/store.ts'
import { openStores, raceOf, raceWithPeers } from './open-stores.ts'
import type { Contender, RaceRow } from './row.ts'

const rounds = (lab: Lab): number => lab.pick({ full: 15, quick: 5, tiny: 1 })
const sizeBytes = 1024

/** A round writes fresh files into a fresh directory. */
function writing(operations: number, writers: number): (store: FileStore) => Promise<Contender['run']> {
  return (store) =>
    Promise.resolve(async (round) => {
      await store.prepare(`/w-${round}`)
      const tasks = Array.from({ length: operations }, (_, index) => {
        const file = store.file(`/w-${round}/f-${index}`)
        const bytes = freshBytes(sizeBytes)
        return () => file.write(bytes)
      })
      return (await elapsed(() => inFlight(writers, tasks))) / operations
    })
}

async function populate(store: FileStore, population: number): Promise<string[]> {
  await store.prepare('/some')
  const paths = Array.from({ length: population }, (_, index) => `/some/f-${index}`)
  for (const path of paths) await store.file(path).write(freshBytes(sizeBytes))
  return paths
}

/** A round asks so many files of one directory, one after the other. */
function asking<S extends FileStore>(operations: number, ask: (store: S, path: string) => () => Promise<unknown>): (store: S) => Promise<Contender['run']> {
  return async (store) => {
    const paths = await populate(store, operations)
    const tasks = Array.from({ length: operations }, (_, index) => ask(store, paths[(index * 7) % operations] ?? ''))
    return async () => (await elapsed(() => inFlight(1, tasks))) / operations
  }
}

const manyOperations = (lab: Lab): number => lab.pick({ full: 1000, quick: 500, tiny: 5 })
const syncedOperations = (lab: Lab): number => lab.pick({ full: 64, quick: 32, tiny: 4 })
const writerOperations = (lab: Lab): number => lab.pick({ full: 640, quick: 320, tiny: 16 })

/** Small files: the rows on which the thread pool's hops decide. */
export const smallFileRows: readonly RaceRow[] = [
  { kind: 'race', title: 'write 1 KB, os, 1 writer', goal: 6, rounds, open: (lab) => raceWithPeers(lab, writing(lab.pick({ full: 300, quick: 200, tiny: 5 }), 1)) },
  { kind: 'race', title: 'write 1 KB, os, 16 writers', goal: 2.5, rounds, open: async (lab) => raceOf(await openStores(lab, 'os'), writing(writerOperations(lab), 16)) },
  { kind: 'race', title: 'write 1 KB, fsync, 1 writer', goal: 3, rounds, open: async (lab) => raceOf(await openStores(lab, 'fsync'), writing(syncedOperations(lab), 1)) },
  { kind: 'race', title: 'write 1 KB, fsync, 16 writers', goal: 10, rounds, open: async (lab) => raceOf(await openStores(lab, 'fsync'), writing(writerOperations(lab), 16)) },
  { kind: 'race', title: 'read 1 KB, verified', goal: 10, rounds, open: (lab) => raceWithPeers(lab, asking(manyOperations(lab), readAgain)) },
  { kind: 'race', title: 'stat', goal: 6, rounds, open: (lab) => raceWithPeers(lab, asking(manyOperations(lab), statAgain)) },
  { kind: 'race', title: 'exists', goal: 6, rounds, open: async (lab) => raceOf(await openStores(lab, 'os'), asking(manyOperations(lab), existsAgain)) },
]

function readAgain(store: FileStore, path: string): () => Promise<unknown> {
  const file = store.file(path)
  return () => file.read()
}

function statAgain(store: FileStore, path: string): () => Promise<unknown> {
  const file = store.file(path)
  return () => file.stat()
}

function existsAgain(store: TreeStore, path: string): () => Promise<unknown> {
  return () => store.exists(path)
}
