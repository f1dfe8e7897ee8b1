import { createReadStream, createWriteStream } from 'node:fs'
import { access, copyFile, mkdir, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Durability } from '@nexus/core/contract'
import { inFlight } from '../in-flight.ts'
import type { TreeStore } from './store.ts'

const chunkBytes = 1024 * 1024
const together = 16

/** The same jobs done by hand with `fs.promises`: atomic replace by a temporary file, and syncs where they are asked for. */
export function openRawStore(root: string, durability: Durability): TreeStore {
  const at = (path: string): string => join(root, path)
  const write = durability === 'fsync' ? writeDurably : writeAtomically
  return {
    name: 'node:fs',
    file: (name) => {
      const path = at(name)
      return { write: (bytes) => write(path, bytes), read: () => readFile(path), stat: () => stat(path) }
    },
    prepare: async (path) => {
      await mkdir(at(path), { recursive: true })
    },
    exists: (path) => exists(at(path)),
    listTree: (path) => listTree(at(path)),
    copy: (from, to) => copyFile(at(from), at(to)),
    copyTree: (from, to) => copyTree(at(from), at(to)),
    rename: (from, to) => rename(at(from), at(to)),
    writeStream: async (path, chunks) => {
      const temporary = temporaryName(at(path))
      await pipeline(Readable.from(chunks, { highWaterMark: 1 }), createWriteStream(temporary, { highWaterMark: chunkBytes }))
      await rename(temporary, at(path))
    },
    readStream: (path) => readStream(at(path)),
    // Nothing is left for later, and nothing is held open.
    settle: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

let temporaries = 0

function temporaryName(path: string): string {
  return `${path}.${++temporaries}.tmp`
}

async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(path)
  await writeFile(temporary, bytes, { flag: 'wx' })
  await rename(temporary, path)
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(path)
  await using file = await open(temporary, 'wx')
  await file.writeFile(bytes)
  await file.sync()
  await rename(temporary, path)
  await using directory = await open(dirname(path), 'r')
  await directory.sync()
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

async function listTree(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const stats = await inFlight(together, entries.map((entry) => () => stat(join(entry.parentPath, entry.name))))
  return stats.length
}

/** Directories first, then the files, 16 in flight: faster than `fs.cp`, which copies one after the other. */
async function copyTree(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  const target = (entry: { readonly parentPath: string; readonly name: string }): string => join(to, join(entry.parentPath, entry.name).slice(from.length))
  await mkdir(to)
  for (const entry of entries) if (entry.isDirectory()) await mkdir(target(entry), { recursive: true })
  await inFlight(together, entries.filter((entry) => entry.isFile()).map((entry) => () => copyFile(join(entry.parentPath, entry.name), target(entry))))
}

async function readStream(path: string): Promise<number> {
  let count = 0
  const sink = new Writable({
    highWaterMark: chunkBytes,
    write: (chunk: Uint8Array, _encoding, done) => {
      count += chunk.length
      done()
    },
  })
  await pipeline(createReadStream(path, { highWaterMark: chunkBytes }), sink)
  return count
}
