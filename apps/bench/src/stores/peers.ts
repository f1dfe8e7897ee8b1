import { mkdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Driver } from 'unstorage'
import type { BenchFile, FileStore } from './store.ts'

/** A peer that is in the race, or why it is not. */
type Peer = { readonly store: FileStore } | { readonly name: string; readonly problem: string }

type Opener = (root: string) => Promise<(key: string) => BenchFile>

const openers: Readonly<Record<string, Opener>> = {
  opendal: async (root) => {
    const { Operator } = await import('opendal')
    const operator = new Operator('fs', { root })
    return (key) => ({ write: (bytes) => operator.write(key, asBuffer(bytes)), read: () => operator.read(key), stat: () => operator.stat(key) })
  },
  unstorage: async (root) => {
    const { createStorage } = await import('unstorage')
    // What the driver gives is written in a way that this module resolution does not find.
    const { default: fsDriver }: { readonly default: (options: { readonly base: string }) => Driver } = await import('unstorage/drivers/fs')
    const storage = createStorage({ driver: fsDriver({ base: root }) })
    const read = async (key: string): Promise<Uint8Array> => (await storage.getItemRaw<Uint8Array>(key)) ?? missing(key)
    return (key) => ({ write: (bytes) => storage.setItemRaw(key, bytes), read: () => read(key), stat: async () => await storage.getMeta(key) })
  },
  flydrive: async (root) => {
    const { Disk } = await import('flydrive')
    const { FSDriver } = await import('flydrive/drivers/fs')
    const disk = new Disk(new FSDriver({ location: root, visibility: 'private' }))
    return (key) => ({ write: (bytes) => disk.put(key, bytes), read: () => disk.getBytes(key), stat: () => disk.getMetaData(key) })
  },
  flystorage: async (root) => {
    const { FileStorage } = await import('@flystorage/file-storage')
    const { LocalStorageAdapter } = await import('@flystorage/local-fs')
    const storage = new FileStorage(new LocalStorageAdapter(root))
    return (key) => ({ write: (bytes) => storage.write(key, asBuffer(bytes)), read: () => storage.readToUint8Array(key), stat: () => storage.stat(key) })
  },
  cacache: async (root) => {
    const { default: cacache } = await import('cacache')
    return (key) => ({
      write: (bytes) => cacache.put(root, key, asBuffer(bytes)),
      read: async () => (await cacache.get(root, key)).data,
      stat: () => cacache.get.info(root, key),
    })
  },
}

/** Names of all peers, in the order of the report's columns. */
export const peerNames: readonly string[] = Object.keys(openers)

/** Opens every peer in a directory of its own; one that does not load or cannot keep a file says why. */
export async function openPeers(root: string): Promise<Peer[]> {
  return await Promise.all(Object.entries(openers).map(([name, opener]) => openPeer(join(root, name), name, opener)))
}

async function openPeer(root: string, name: string, opener: Opener): Promise<Peer> {
  try {
    mkdirSync(root, { recursive: true })
    const file = await opener(root)
    const store: FileStore = {
      name,
      file: (path) => file(path.slice(1)),
      prepare: async (path) => {
        await mkdir(join(root, path), { recursive: true })
      },
      settle: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
    await check(store)
    return { store }
  } catch (error) {
    return { name, problem: error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error) }
  }
}

async function check({ file }: FileStore): Promise<void> {
  const sample = file('/check')
  await sample.write(new Uint8Array([1, 2, 3]))
  const found = await sample.read()
  if (Buffer.compare(found, new Uint8Array([1, 2, 3])) !== 0) throw new Error('It read back something else than was written.')
  await sample.stat()
}

/** The same memory, for those who know nothing but Node's own kind. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}

function missing(key: string): never {
  throw new Error(`${key} is not there.`)
}
