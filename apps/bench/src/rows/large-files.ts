import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { freshBytes, freshChunks } from '../payload.ts'
import type { TreeStore } from '../stores/store.ts'
import { openStores, raceOf } from './open-stores.ts'
import type { Contender, RaceRow } from './row.ts'

const megabyte = 1024 * 1024
const rounds = (lab: Lab): number => lab.pick({ full: 9, quick: 3, tiny: 1 })
const streamRounds = (lab: Lab): number => lab.pick({ full: 3, quick: 1, tiny: 1 })
const streamChunks = (lab: Lab): number => lab.pick({ full: 256, quick: 256, tiny: 3 })

function writing(operations: number): (store: TreeStore) => Promise<Contender['run']> {
  return (store) =>
    Promise.resolve(async (round) => {
      await store.prepare(`/m-${round}`)
      const tasks = Array.from({ length: operations }, (_, index) => {
        const file = store.file(`/m-${round}/f-${index}`)
        const bytes = freshBytes(megabyte)
        return () => file.write(bytes)
      })
      return (await elapsed(() => inFlight(1, tasks))) / operations
    })
}

function reading(operations: number): (store: TreeStore) => Promise<Contender['run']> {
  return async (store) => {
    await store.prepare('/m')
    const files = Array.from({ length: operations }, (_, index) => store.file(`/m/f-${index}`))
    for (const file of files) await file.write(freshBytes(megabyte))
    return async () => (await elapsed(() => inFlight(1, files.map((file) => () => file.read())))) / operations
  }
}

function streamingIn(chunks: number): (store: TreeStore) => Promise<Contender['run']> {
  return (store) => Promise.resolve((round) => elapsed(() => store.writeStream(`/stream-${round}`, freshChunks(chunks))))
}

function streamingOut(chunks: number): (store: TreeStore) => Promise<Contender['run']> {
  return async (store) => {
    await store.writeStream('/stream', freshChunks(chunks))
    return () => elapsed(() => readAll(store, chunks * megabyte))
  }
}

async function readAll(store: TreeStore, expected: number): Promise<void> {
  const found = await store.readStream('/stream')
  if (found !== expected) throw new Error(`${store.name} streamed ${found} bytes of ${expected}.`)
}

/** Large contents: the rows on which hashing and copying in memory decide. */
export const largeFileRows: readonly RaceRow[] = [
  { kind: 'race', title: 'write 1 MB, hashed', goal: 1, rounds, open: async (lab) => raceOf(await openStores(lab, 'os'), writing(lab.pick({ full: 20, quick: 10, tiny: 2 }))) },
  { kind: 'race', title: 'read 1 MB, verified', goal: 1, rounds, open: async (lab) => raceOf(await openStores(lab, 'os'), reading(lab.pick({ full: 20, quick: 10, tiny: 2 }))) },
  { kind: 'race', title: 'stream 256 MB in, hashed', goal: 1, rounds: streamRounds, open: async (lab) => raceOf(await openStores(lab, 'os'), streamingIn(streamChunks(lab))) },
  { kind: 'race', title: 'stream 256 MB out, verified', goal: 1, rounds: (lab) => streamRounds(lab) + 2, open: async (lab) => raceOf(await openStores(lab, 'os'), streamingOut(streamChunks(lab))) },
]
