import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Files take whole blocks of their filesystem. */
const allocationBytes = 4096
/** A temporary file that is older lost its writer, in milliseconds. */
const strayMs = 3_600_000
/** How much stays when the bound is reached: deleting one file for each that comes would mean looking at all each time. */
const keptShare = 0.9

/** Files below one directory, of bounded size together; who was not used for longest goes first. Every failure is a miss: a cache fails nobody. */
export interface BlockDisk {
  /** The whole file; `undefined` when it is not there, or cannot be read. */
  read(name: string): Promise<Uint8Array | undefined>
  has(name: string): Promise<boolean>
  /** Puts it aside first, so that nobody meets half of it. */
  write(name: string, bytes: Uint8Array): Promise<void>
  remove(name: string): Promise<void>
  /** Writes down whose files a directory holds, for people who look. */
  describe(name: string, text: string): Promise<void>
}

/** @param now Milliseconds since the epoch. @param maxBytes Of all files together, as they are allocated */
export function createBlockDisk({ directory, maxBytes, now }: { readonly directory: string; readonly maxBytes: () => number; readonly now: () => number }): BlockDisk {
  let usedBytes: number | undefined
  let isUnusable = false
  const makeRoom = async (sizeBytes: number): Promise<void> => {
    if (usedBytes !== undefined && usedBytes + sizeBytes <= maxBytes()) return
    usedBytes = await evict(directory, { targetBytes: maxBytes() * keptShare - sizeBytes, maxBytes: maxBytes() - sizeBytes, now: now() })
  }
  return {
    read: async (name) => {
      const path = join(directory, name)
      const bytes = await orMissing(readFile(path))
      const usedAt = new Date(now())
      if (bytes !== undefined) await orMissing(utimes(path, usedAt, usedAt))
      return bytes
    },
    has: async (name) => (await orMissing(stat(join(directory, name)))) !== undefined,
    write: async (name, bytes) => {
      const sizeBytes = allocated(bytes.length)
      if (isUnusable || sizeBytes > maxBytes()) return
      try {
        await makeRoom(sizeBytes)
        await putAside(join(directory, name), bytes)
        usedBytes = (usedBytes ?? 0) + sizeBytes
      } catch (error) {
        // A full or read-only disk: what is there is still read. Anything else is a mistake of ours.
        if (!isOfThePlatform(error)) throw error
        isUnusable = true
      }
    },
    remove: async (name) => {
      await orMissing(rm(join(directory, name), { force: true }))
    },
    describe: async (name, text) => {
      await orMissing(putAside(join(directory, name, scopeFile), new TextEncoder().encode(text)))
    },
  }
}

async function putAside(path: string, bytes: Uint8Array): Promise<void> {
  const aside = `${path}.${crypto.randomUUID()}.tmp`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await writeFile(aside, bytes, { mode: 0o600 })
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
}

interface Found {
  readonly path: string
  readonly sizeBytes: number
  readonly usedAt: number
}

/** Counts what is there and, above the bound, deletes down to the target. @returns Bytes that are left */
async function evict(directory: string, { targetBytes, maxBytes, now }: { readonly targetBytes: number; readonly maxBytes: number; readonly now: number }): Promise<number> {
  const files = await filesBelow(directory)
  let usedBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const isTooMuch = usedBytes > maxBytes
  for (const { path, sizeBytes, usedAt } of files.sort((left, right) => left.usedAt - right.usedAt)) {
    const isStray = path.endsWith('.tmp') && usedAt < now - strayMs
    if (!isStray && (!isTooMuch || usedBytes <= targetBytes)) continue
    await rm(path, { force: true })
    usedBytes -= sizeBytes
  }
  return usedBytes
}

/** Blocks in a directory and below it; what vanishes meanwhile is not there. */
export async function filesBelow(directory: string): Promise<Found[]> {
  const entries = (await orMissing(readdir(directory, { recursive: true, withFileTypes: true }))) ?? []
  const files: Found[] = []
  for (const entry of entries) {
    if (!entry.isFile() || entry.name === scopeFile) continue
    const path = join(entry.parentPath, entry.name)
    const found = await orMissing(stat(path))
    if (found !== undefined) files.push({ path, sizeBytes: allocated(found.size), usedAt: found.mtimeMs })
  }
  return files
}

/** Says whose blocks stand beside it. */
export const scopeFile = 'scope.json'

function allocated(sizeBytes: number): number {
  return Math.ceil(sizeBytes / allocationBytes) * allocationBytes
}

async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (!isOfThePlatform(error)) throw error
    return undefined
  }
}

function isOfThePlatform(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^E[A-Z]/.test(String(error.code))
}
