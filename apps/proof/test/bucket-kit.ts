import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository, type Path, parsePath, type RepositoryBackend, type RepositoryOptions, type RepositoryStores } from '@nexus/core'
import { onTestFinished } from 'vitest'
import { type BucketStoreOptions, type MemoryStore, type MemoryStoreOptions, type ObjectStore, openBucketStores, openMemoryStore, type StoreRequest } from '@nexus/object-storage'

export { type MemoryStore, type ObjectStore, openBucketStores, openMemoryStore, type StoreRequest }

/** A clock that a test moves; it begins at a full hour. */
export interface TestClock {
  now: () => number
  pass: (ms: number) => void
}

/** One hour in milliseconds. */
export const hourMs: number = 60 * 60 * 1000

/** A clock that stands still until it is moved. */
export function stoppedClock(): TestClock {
  let time = Date.UTC(2026, 0, 1)
  return { now: () => time, pass: (ms) => void (time += ms) }
}

/** A bucket whose requests a test may break. */
export interface TestBucket {
  readonly store: MemoryStore
  readonly clock: TestClock
  /** Called before each request. */
  before: (request: StoreRequest) => void | Promise<void>
  /** Keys below a prefix. */
  readonly keys: (prefix?: string) => Promise<string[]>
  /** All requests since the last call, and by verb. */
  readonly count: () => Record<string, number> & { readonly all: number }
}

/** An empty bucket in memory. */
export function openBucket(options: Omit<MemoryStoreOptions, 'before'> = {}): TestBucket {
  const clock = stoppedClock()
  let counted: Record<string, number> = {}
  const store = openMemoryStore({ now: clock.now, before: (request) => bucket.before(request), ...options })
  const bucket: TestBucket = {
    store,
    clock,
    before: () => undefined,
    keys: async (prefix = '') => {
      const keys: string[] = []
      for await (const { objects } of store.list({ prefix })) keys.push(...objects.map(({ key }) => key))
      counted = { ...store.requests }
      return keys
    },
    count: () => {
      const now: Record<string, number> = { ...store.requests }
      const since = Object.fromEntries(Object.entries(now).flatMap(([verb, number]) => (number === (counted[verb] ?? 0) ? [] : [[verb, number - (counted[verb] ?? 0)]])))
      counted = now
      return { ...since, all: Object.values(since).reduce((sum, number) => sum + number, 0) }
    },
  }
  return bucket
}

/** How a repository in a bucket is opened. */
export interface BucketRepositoryOptions extends Partial<Pick<RepositoryOptions, 'readonly' | 'digest' | 'freshnessMs' | 'indexPath' | 'durability'>> {
  readonly writers?: BucketStoreOptions['writers']
  /** Puts something in front of the store. */
  readonly around?: ((store: ObjectStore) => ObjectStore) | undefined
}

/** A repository in a bucket, with an index of its own. */
export interface BucketRepository {
  readonly backend: RepositoryBackend
  readonly engine: RepositoryBackend['repository']
  readonly write: (path: string, body: string | Uint8Array) => Promise<void>
  readonly text: (path: string) => Promise<string>
  readonly holds: (path: string, bytes: Uint8Array) => Promise<boolean>
}

/** A path of the library. */
export function at(path: string): Path {
  return parsePath(path)
}

/** A file for an index, removed after the test. */
export function indexFile(): string {
  const root = mkdtempSync(join(tmpdir(), 'nexus-bucket-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return join(root, 'index.db')
}

/** The bucket as one process sees it: closing it closes nothing for others, and nobody waits. */
export async function storesOf({ store, clock }: TestBucket, { writers, around = (inner) => inner }: Pick<BucketRepositoryOptions, 'writers' | 'around'> = {}): Promise<RepositoryStores> {
  const own: ObjectStore = { ...store, close: () => Promise.resolve() }
  return openBucketStores(around(own), {
    now: clock.now,
    random: (bytes) => crypto.getRandomValues(bytes),
    writers,
    delay: (ms, signal) => {
      signal?.throwIfAborted()
      clock.pass(ms)
      return new Promise((resolve) => setImmediate(resolve))
    },
  })
}

/** Opens a repository in a bucket as a machine of its own would, and closes it after the test. */
export async function openInBucket(bucket: TestBucket, { writers, around, indexPath = indexFile(), ...options }: BucketRepositoryOptions = {}): Promise<BucketRepository> {
  const stores = await storesOf(bucket, { writers, around })
  const backend = await openRepository({ ...stores, freshnessMs: 0, indexPath, now: bucket.clock.now, ...options })
  onTestFinished(() => backend.close())
  return {
    backend,
    engine: backend.repository,
    write: async (path, body) => {
      await backend.write(at(path), typeof body === 'string' ? new TextEncoder().encode(body) : body)
    },
    text: async (path) => (await backend.read(at(path))).text(),
    holds: async (path, bytes) => Buffer.compare(await (await backend.read(at(path))).bytes(), bytes) === 0,
  }
}
