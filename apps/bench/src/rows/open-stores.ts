import { join } from 'node:path'
import type { Durability } from '@nexus/core/contract'
import type { Lab } from '../lab.ts'
import { openBareStore } from '../stores/bare-store.ts'
import { openNexusStore } from '../stores/nexus-store.ts'
import { openPeers } from '../stores/peers.ts'
import { openRawStore } from '../stores/raw-store.ts'
import type { FileStore, TreeStore } from '../stores/store.ts'
import type { Contender, OpenRace } from './row.ts'

/** Ours, our repository alone, and `node:fs`, each in a fresh directory. */
export async function openStores(lab: Lab, durability: Durability): Promise<TreeStore[]> {
  const root = lab.directory(durability)
  const raw = join(root, 'raw')
  const stores = [await openNexusStore(join(root, 'nexus'), durability), openRawStore(raw, durability), await openBareStore(join(root, 'repository'), durability)]
  for (const store of stores) await store.prepare('/')
  return stores
}

/** The race of one job among stores. The job prepares one store and gives what does a round. */
export async function raceOf<S extends FileStore>(stores: readonly S[], job: (store: S) => Promise<Contender['run']>): Promise<OpenRace> {
  const contenders: Contender[] = []
  for (const store of stores) {
    const run = await job(store)
    await store.settle()
    contenders.push({ name: store.name, run: (round) => settled(store, () => run(round)) })
  }
  return {
    contenders,
    close: async () => {
      for (const store of stores) await store.close()
    },
  }
}

/** The same with every peer that loads. */
export async function raceWithPeers(lab: Lab, job: (store: FileStore) => Promise<Contender['run']>): Promise<OpenRace> {
  const peers = await openPeers(lab.directory('peers'))
  const absent = Object.fromEntries(peers.flatMap((peer) => ('problem' in peer ? [[peer.name, peer.problem]] : [])))
  const stores = [...(await openStores(lab, 'os')), ...peers.flatMap((peer) => ('store' in peer ? [peer.store] : []))]
  return { ...(await raceOf(stores, job)), absent }
}

async function settled(store: FileStore, run: () => Promise<number>): Promise<number> {
  const result = await run()
  await store.settle()
  return result
}
