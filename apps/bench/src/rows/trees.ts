import { elapsed } from '../clock.ts'
import { inFlight } from '../in-flight.ts'
import type { Lab } from '../lab.ts'
import { freshBytes } from '../payload.ts'
import type { TreeStore } from '../stores/store.ts'
import { openStores, raceOf } from './open-stores.ts'
import type { Contender, RaceRow } from './row.ts'

const treeFiles = (lab: Lab): number => lab.pick({ full: 10_000, quick: 10_000, tiny: 30 })
const filesPerDirectory = 100

/** A tree at `/tree`: 100 files of 1 KB in each directory. */
async function makeTree(store: TreeStore, files: number): Promise<void> {
  const paths = Array.from({ length: files }, (_, index) => `/tree/d-${Math.floor(index / filesPerDirectory)}/f-${index % filesPerDirectory}`)
  for (let directory = 0; directory * filesPerDirectory < files; directory++) await store.prepare(`/tree/d-${directory}`)
  await inFlight(16, paths.map((path) => () => store.file(path).write(freshBytes(1024))))
}

function onTree(lab: Lab, round: (store: TreeStore, round: number) => Promise<unknown>): (store: TreeStore) => Promise<Contender['run']> {
  return async (store) => {
    await makeTree(store, treeFiles(lab))
    return (number) => elapsed(() => round(store, number))
  }
}

async function listAll(store: TreeStore, files: number): Promise<void> {
  const found = await store.listTree('/tree')
  const expected = files + Math.ceil(files / filesPerDirectory)
  if (found !== expected) throw new Error(`${store.name} listed ${found} entries of ${expected}.`)
}

function copying(operations: number): (store: TreeStore) => Promise<Contender['run']> {
  return async (store) => {
    await store.prepare('/some')
    await store.file('/some/file').write(freshBytes(1024))
    return async (round) => {
      await store.prepare(`/copies-${round}`)
      const tasks = Array.from({ length: operations }, (_, index) => () => store.copy('/some/file', `/copies-${round}/f-${index}`))
      return (await elapsed(() => inFlight(1, tasks))) / operations
    }
  }
}

/** Each round moves the tree on from where the last one left it. */
function renaming(lab: Lab): (store: TreeStore) => Promise<Contender['run']> {
  return async (store) => {
    await makeTree(store, treeFiles(lab))
    let from = '/tree'
    return (round) => {
      const to = `/tree-${round}`
      const before = from
      from = to
      return elapsed(() => store.rename(before, to))
    }
  }
}

const rounds = (lab: Lab): number => lab.pick({ full: 7, quick: 3, tiny: 1 })

/** Listing, copying and moving: the rows on which the number of entries decides. */
export const treeRows: readonly RaceRow[] = [
  { kind: 'race', title: 'list 10,000 files with stats', goal: 3, rounds, open: async (lab) => raceOf(await openStores(lab, 'os'), onTree(lab, (store) => listAll(store, treeFiles(lab)))) },
  { kind: 'race', title: 'copy a file of 1 KB', goal: 4, rounds, open: async (lab) => raceOf(await openStores(lab, 'os'), copying(lab.pick({ full: 300, quick: 200, tiny: 5 }))) },
  {
    kind: 'race',
    title: 'copy a tree of 10,000 files',
    goal: 10,
    rounds: (lab) => lab.pick({ full: 5, quick: 2, tiny: 1 }),
    open: async (lab) => raceOf(await openStores(lab, 'os'), onTree(lab, (store, round) => store.copyTree('/tree', `/copy-${round}`))),
  },
  { kind: 'race', title: 'rename a tree of 10,000 files', rounds, open: async (lab) => raceOf(await openStores(lab, 'os'), renaming(lab)) },
]
