import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Hasher } from '../repository/digest.ts'
import { createBlockDisk } from './block-disk.ts'
import { createBlockMemory } from './block-memory.ts'

/**
 * Contents are kept in pieces of so many bytes: a read of a few bytes brings little along, and the bound on disk is some thousands of files and not millions
 * (docs/decisions/0008-caches.md).
 */
export const blockBytes: number = 256 * 1024
const digestBytes = 32
const headerBytes = 2 * digestBytes
/** Blocks that wait to be written, at most: a reader is never slowed down for the cache, so what comes faster than the disk is not kept. */
const maxWaiting = 64

/** One state of one file. */
export interface CachedFile {
  /** Directory of the scope. */
  readonly scope: string
  /** What the blocks are found by: 32 hex digits. */
  readonly name: string
  /** Tells this state from others: 64 hex digits. */
  readonly state: string
}

/** Bounds, in bytes. */
export interface ContentBounds {
  /** On disk, over all that share the directory. Default 1 GiB. */
  readonly contentBytes?: number | undefined
  /** In memory, over all mounts of the process that share it. Default 64 MiB. */
  readonly memoryBytes?: number | undefined
}

/** Blocks of contents: in memory, then on disk. */
export interface BlockStore {
  /** The largest body that is kept, in bytes. */
  readonly maxBodyBytes: () => number
  /** Whether there may be such a block, of whatever state. */
  has(file: Pick<CachedFile, 'scope' | 'name'>, block: number): Promise<boolean>
  /** The block, checked; `undefined` for none, one of another state, and a damaged one, which is deleted. */
  load(file: CachedFile, block: number): Promise<Uint8Array | undefined>
  /** Keeps a copy of the bytes, some time later. */
  save(file: CachedFile, block: number, bytes: Uint8Array): void
  /** Says whose blocks a scope's directory holds; written down with the first of them. */
  describe(scope: string, description: { readonly scope: string; readonly label?: string | undefined }): void
  /** Waits until everything is kept. */
  release(): Promise<void>
}

interface Shared {
  readonly store: BlockStore
  readonly bounds: { contentBytes: number; memoryBytes: number }
  users: number
}

const shared = new Map<string, Shared>()

/** The blocks below a directory; mounts of one process share them, with the bounds that were asked for last. @param now Milliseconds since the epoch */
export function acquireBlocks(directory: string, { contentBytes = 1024 ** 3, memoryBytes = 64 * 1024 ** 2, now }: ContentBounds & { readonly now: () => number }): BlockStore {
  const found = shared.get(directory) ?? createStore(directory, { contentBytes, memoryBytes }, now)
  Object.assign(found.bounds, { contentBytes, memoryBytes })
  shared.set(directory, found)
  found.users++
  let isReleased = false
  return {
    ...found.store,
    release: async () => {
      if (!isReleased && --found.users === 0) shared.delete(directory)
      isReleased = true
      await found.store.release()
    },
  }
}

function createStore(directory: string, bounds: Shared['bounds'], now: () => number): Shared {
  const disk = createBlockDisk({ directory, maxBytes: () => bounds.contentBytes, now })
  const memory = createBlockMemory(() => bounds.memoryBytes)
  let hasher: Promise<Hasher> | undefined
  const loadHasher = (): Promise<Hasher> => (hasher ??= import('../repository/digest.ts').then(({ openHasher }) => openHasher('blake3')))
  const descriptions = new Map<string, object>()
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  const later = (work: () => Promise<unknown>): void => {
    waiting++
    last = last.then(work).finally(() => waiting--)
  }
  const digestOf = async (bytes: Uint8Array): Promise<Buffer> => Buffer.from((await loadHasher()).digest(bytes.subarray(digestBytes)), 'hex')
  const store: BlockStore = {
    maxBodyBytes: () => Math.max(bounds.contentBytes, bounds.memoryBytes) / 8,
    has: async (file, block) => memory.has(nameOf(file, block)) || (await disk.has(nameOf(file, block))),
    load: async (file, block) => {
      const name = nameOf(file, block)
      const known = memory.find(name)
      if (known?.state === file.state) return known.bytes
      const stored = await disk.read(name)
      if (stored === undefined) return undefined
      const isWhole = stored.length >= headerBytes && (await digestOf(stored)).equals(stored.subarray(0, digestBytes))
      if (!isWhole) await disk.remove(name)
      if (!isWhole || !Buffer.from(file.state, 'hex').equals(stored.subarray(digestBytes, headerBytes))) return undefined
      const bytes = stored.subarray(headerBytes)
      memory.keep(name, { state: file.state, bytes })
      return bytes
    },
    save: (file, block, bytes) => {
      const stored = new Uint8Array(headerBytes + bytes.length)
      stored.set(Buffer.from(file.state, 'hex'), digestBytes)
      stored.set(bytes, headerBytes)
      memory.keep(nameOf(file, block), { state: file.state, bytes: stored.subarray(headerBytes) })
      if (waiting >= maxWaiting) return
      const description = descriptions.get(file.scope)
      if (description !== undefined) later(() => disk.describe(file.scope, JSON.stringify(description)))
      descriptions.delete(file.scope)
      later(async () => {
        stored.set(await digestOf(stored), 0)
        await disk.write(nameOf(file, block), stored)
      })
    },
    describe: (scope, description) => void descriptions.set(scope, description),
    release: () => last.then(() => undefined),
  }
  return { store, bounds, users: 0 }
}

function nameOf({ scope, name }: Pick<CachedFile, 'scope' | 'name'>, block: number): string {
  return join(scope, name.slice(0, 2), `${name}.${block}`)
}

/** A short name for something long. @returns So many hex digits */
export function shortName(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}
