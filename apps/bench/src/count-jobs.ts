import { inFlight } from './in-flight.ts'
import { freshBytes } from './payload.ts'
import { openNexusStore } from './stores/nexus-store.ts'
import type { TreeStore } from './stores/store.ts'

/** A job whose system calls are counted. */
export interface CountJob {
  readonly title: string
  /** By how many the counts are divided. */
  readonly operations: number
  /** Prepares it; `scale` divides the size of trees, for tests. */
  open(root: string, scale: number): Promise<{ readonly store: TreeStore; readonly run: () => Promise<unknown> }>
}

/** A path that is not there, which stands in the trace where the job begins and ends. */
export function markOf(moment: 'begin' | 'end'): string {
  return `/nexus-bench-mark-${moment}`
}

const many = 64

async function writeMany(store: TreeStore, { writers, sizeBytes }: { readonly writers: number; readonly sizeBytes: number }): Promise<void> {
  await inFlight(writers, Array.from({ length: many }, (_, index) => () => store.file(`/w/f-${index}`).write(freshBytes(sizeBytes))))
}

function writing(title: string, { durability, writers, sizeBytes }: { readonly durability: 'os' | 'fsync'; readonly writers: number; readonly sizeBytes: number }): CountJob {
  return {
    title,
    operations: many,
    open: async (root) => {
      const store = await openNexusStore(root, durability)
      return { store, run: () => writeMany(store, { writers, sizeBytes }) }
    },
  }
}

function onTree(title: string, files: number, run: (store: TreeStore) => Promise<unknown>): CountJob {
  return {
    title,
    operations: 1,
    open: async (root, scale) => {
      const building = await openNexusStore(root, 'os')
      await inFlight(16, Array.from({ length: Math.ceil(files / scale) }, (_, index) => () => building.file(`/tree/d-${index % 10}/f-${index}`).write(freshBytes(1024))))
      // Closing writes out what the index still owes, which is not the job's.
      await building.close()
      const store = await openNexusStore(root, 'os')
      return { store, run: () => run(store) }
    },
  }
}

/** What is counted, in the order of the report. */
export const countJobs: readonly CountJob[] = [
  writing('write 1 KB, os', { durability: 'os', writers: 1, sizeBytes: 1024 }),
  writing('write 1 KB, fsync', { durability: 'fsync', writers: 1, sizeBytes: 1024 }),
  writing('write 1 KB, fsync, 16 writers', { durability: 'fsync', writers: 16, sizeBytes: 1024 }),
  writing('write 300 KB, fsync', { durability: 'fsync', writers: 1, sizeBytes: 300 * 1024 }),
  onTree('copy a tree of 10,000 files', 10_000, (store) => store.copyTree('/tree', '/copy')),
  onTree('rename a tree of 10 files', 10, (store) => store.rename('/tree', '/moved')),
  onTree('rename a tree of 10,000 files', 10_000, (store) => store.rename('/tree', '/moved')),
]
