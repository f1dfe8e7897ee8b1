import { type BigIntStats, closeSync, constants, lstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { type Durability, type Metadata, NexusError } from '@nexus/core/contract'
import { enter, type HeldDirectory, keepOpen } from './directory.ts'
import { errnoOf } from './errors.ts'
import { attributesName } from './names.ts'
import type { Root } from './root.ts'
import { syncDirectory, syncFile } from './sync-disk.ts'
import type { Temporaries } from './temporaries.ts'

/** What Nexus keeps of a file and the filesystem has no place for. */
export interface Attributes {
  readonly contentType?: string | undefined
  readonly metadata: Metadata
  /** Another one after every change: a part of the etag. */
  readonly revision: string
}

/**
 * Attributes in `.nexus-attributes/files/`, a JSON file for each file that has any. Its name is the file's identity, inode and time
 * of birth: so attributes go along with a rename whoever does it, and what a stranger puts in the file's place does not inherit them.
 */
export interface AttributeStore {
  /** @throws NexusError `corrupt` when they cannot be read as what we wrote */
  readonly find: (stats: BigIntStats) => Attributes | undefined
  /** Stores them beside their place. */
  readonly prepare: (stats: BigIntStats, attributes: Attributes) => Promise<PreparedAttributes>
  /** Absent is success. */
  readonly remove: (stats: BigIntStats) => void
  /** Makes removals durable. */
  readonly sync: () => Promise<void>
  /** Whether any file may have some; a listing asks once. */
  readonly inUse: () => boolean
  /** Leaves the marker `.nexus-attributes/path` that tells a tree of files from an empty repository. */
  readonly mark: () => Promise<void>
  readonly close: () => void
}

/** Attributes on their way to their place. */
export interface PreparedAttributes {
  readonly publish: () => void
  /** Makes them durable when they were published, removes them when not. */
  readonly finish: () => Promise<void>
}

const maxAttributesBytes = 4_194_304
const filesName = 'files'
const marker = 'This tree is used by Nexus with layout "path"; the attributes of its files are kept in here.\n'

export function openAttributes(root: Root, durability: Durability, temporaries: Temporaries): AttributeStore {
  let marked = false

  const base = keepOpen(() => openIn(root.hold(), attributesName))
  const files = keepOpen(() => openIn(base.hold(), filesName))

  const find = (stats: BigIntStats): Attributes | undefined => {
    const held = files.hold()
    const name = identify(stats)
    return held !== undefined && isThere(held, name) ? readAttributes(held, name) : undefined
  }

  const prepare = async (stats: BigIntStats, attributes: Attributes): Promise<PreparedAttributes> => {
    const parent = await makeIn(await root.make(), attributesName, durability)
    const held = await makeIn(parent, filesName, durability).finally(parent.close)
    const temporary = held.child(temporaries.newName())
    try {
      await temporaries.sweep(held)
      await writeWhole(temporary, Buffer.from(JSON.stringify(attributes)), durability)
    } catch (error) {
      rmSync(temporary, { force: true })
      held.close()
      throw error
    }
    const finish = async (): Promise<void> => {
      try {
        rmSync(temporary, { force: true })
        if (durability === 'fsync') await syncDirectory(held.self)
      } finally {
        held.close()
      }
    }
    return { publish: () => renameSync(temporary, held.child(identify(stats))), finish }
  }

  const remove = (stats: BigIntStats): void => {
    const held = files.hold()
    if (held !== undefined && isThere(held, identify(stats))) rmSync(held.child(identify(stats)), { force: true })
  }

  const sync = async (): Promise<void> => {
    const held = files.hold()
    if (durability === 'fsync' && held !== undefined) await syncDirectory(held.self)
  }

  const mark = async (): Promise<void> => {
    if (marked) return
    await leaveMarker(await root.make(), durability)
    marked = true
  }

  const close = (): void => {
    files.close()
    base.close()
  }
  return { find, inUse: () => files.hold() !== undefined, prepare, remove, sync, mark, close }
}

function openIn(parent: HeldDirectory | undefined, name: string): HeldDirectory | undefined {
  return parent !== undefined && isThere(parent, name) ? enter(parent, name) : undefined
}

function isThere(directory: HeldDirectory, name: string): boolean {
  return lstatSync(directory.child(name), { throwIfNoEntry: false }) !== undefined
}

function identify({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino.toString(36)}-${birthtimeNs.toString(36)}.json`
}

async function makeIn(parent: HeldDirectory, name: string, durability: Durability): Promise<HeldDirectory> {
  try {
    mkdirSync(parent.child(name))
    if (durability === 'fsync') await syncDirectory(parent.self)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  return enter(parent, name)
}

async function leaveMarker(root: HeldDirectory, durability: Durability): Promise<void> {
  try {
    const base = await makeIn(root, attributesName, durability)
    try {
      if (!isThere(base, 'path')) await writeWhole(base.child('path'), Buffer.from(marker), durability)
    } finally {
      base.close()
    }
  } catch (error) {
    // Somebody else was first, or the root belongs to somebody else while the directory written to is ours: the tree is not empty then.
    if (!['EEXIST', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error
  }
}

async function writeWhole(file: string | Buffer, bytes: Buffer, durability: Durability): Promise<void> {
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
    if (durability === 'fsync') await syncFile(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function readAttributes(files: HeldDirectory, name: string): Attributes {
  const descriptor = openSync(files.child(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    return parseAttributes(readFileSync(descriptor, 'utf8'), name)
  } finally {
    closeSync(descriptor)
  }
}

function parseAttributes(text: string, name: string): Attributes {
  const damaged = (cause?: unknown): NexusError => {
    const reason = `The attributes of the file, "${attributesName}/${filesName}/${name}" below the root, are damaged; delete that file to go on without them.`
    return new NexusError('corrupt', { reason, cause })
  }
  if (text.length > maxAttributesBytes) throw damaged()
  try {
    const value: unknown = JSON.parse(text)
    if (isAttributes(value)) return value
  } catch (error) {
    throw damaged(error)
  }
  throw damaged()
}

function isAttributes(value: unknown): value is Attributes {
  if (typeof value !== 'object' || value === null || !('revision' in value) || !('metadata' in value)) return false
  const { revision, metadata } = value
  const contentType = 'contentType' in value ? value.contentType : undefined
  if (typeof revision !== 'string' || typeof metadata !== 'object' || metadata === null) return false
  return (contentType === undefined || typeof contentType === 'string') && Object.values(metadata).every((one) => typeof one === 'string')
}
