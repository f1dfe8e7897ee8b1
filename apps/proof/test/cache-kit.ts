import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, contentCache, metadataCache } from '@nexus/core'
import { type MemoryStore, openMemoryStore, openObjectTree } from '@nexus/object-storage'
import { afterEach } from 'vitest'
import { at } from './kernel-support.ts'

const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true, maxRetries: 10 })
})

/** A state directory that goes with the test. */
export async function stateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-cache-'))
  directories.push(directory)
  return directory
}

/** Both caches over a tree of objects in memory. */
interface Cached {
  readonly backend: Backend
  readonly store: MemoryStore
  readonly directory: string
  /** Another mount of the same storage, with what is in memory forgotten where the first is closed. */
  readonly again: () => Backend
  readonly clock: { now: number }
}

interface CachedOptions {
  readonly freshnessMs?: number
  readonly contentBytes?: number
  readonly memoryBytes?: number
  readonly store?: MemoryStore
  /** What stands between the caches and the tree. */
  readonly below?: (tree: Backend) => Backend
}

/** Opens both caches. */
export async function openCached({ freshnessMs, contentBytes = 64 * 1024 ** 2, memoryBytes, store = openMemoryStore(), below = (tree) => tree }: CachedOptions = {}): Promise<Cached> {
  const directory = await stateDirectory()
  const clock = { now: 1_000_000 }
  const now = (): number => clock.now
  const again = (): Backend =>
    contentCache({ directory, now, contentBytes, memoryBytes })(metadataCache({ directory, freshnessMs, now })(below({ ...openObjectTree(store), close: () => Promise.resolve() })))
  return { backend: again(), store, directory, again, clock }
}

/** The requests that a call makes, by verb. */
export async function requestsOf(store: MemoryStore, call: () => Promise<unknown>): Promise<Record<string, number>> {
  const before: Record<string, number> = { ...store.requests }
  await call()
  return Object.fromEntries(Object.entries(store.requests).map(([verb, count]) => [verb, count - (before[verb] ?? 0)] as const).filter(([, count]) => count > 0))
}

/** The whole body. */
export const read = async (backend: Backend, path: string, options?: Parameters<Backend['read']>[1]): Promise<Uint8Array> => (await backend.read(at(path), options)).bytes()

/** Paths that a listing gives. */
export const names = async (backend: Backend, path: string, options?: Parameters<Backend['list']>[1]): Promise<string[]> => (await Array.fromAsync(backend.list(at(path), options))).map((entry) => entry.path)

/** Bytes of which no two blocks are alike. */
export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) % 251)

/** Files of blocks on disk, also those that are not in their place yet. */
export async function blockFiles(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'content'), { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    // Nothing was ever kept.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  return entries.filter((entry) => entry.isFile() && entry.name !== 'scope.json').map((entry) => join(entry.parentPath, entry.name)).sort()
}
