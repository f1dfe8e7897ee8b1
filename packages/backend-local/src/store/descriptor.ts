import { constants } from 'node:fs'
import { dirname, join } from 'node:path'
import { type CallOptions, NexusError } from '@nexus/core/contract'
import type { JournalContext } from './context.ts'
import type { LocalEnvironment } from './environment.ts'
import { corrupt } from './errors.ts'
import { ensureDirectory, readFullyNow, syncDirectory, systemCode } from './files.ts'
import { isStranger, repositoryDirectories, segmentFirst } from './layout.ts'
import { hasSegmentMagic } from './segment.ts'
import { isWriterName, nearestExisting } from './machine.ts'

/** The part of `nexus.json` that storage looks at; the rest belongs to the engine. */
export interface DescriptorIdentity {
  readonly marker: 'nexus-repository'
  /** Id of the repository, which every segment of its journal carries. */
  readonly id: string
}

type Files = LocalEnvironment['files']
type Place = Pick<JournalContext, 'layout' | 'environment' | 'scratch'>

/**
 * `nexus.json`, checked as far as storage understands it; `undefined` when nothing stands there.
 * @throws NexusError `corrupt` for a journal without a valid one, `invalid_config` for somebody else's file
 */
export async function readDescriptor(place: Pick<Place, 'layout' | 'environment'>, options: CallOptions = {}): Promise<Uint8Array | undefined> {
  options.signal?.throwIfAborted()
  return Promise.resolve(readDescriptorNow(place))
}

/** The same at once: the file is small. */
export function readDescriptorNow(place: Pick<Place, 'layout' | 'environment'>): Uint8Array | undefined {
  const { layout, environment: { files } } = place
  const bytes = readSmallFile(files, layout.descriptor)
  if (bytes !== undefined && parseIdentity(bytes) !== undefined) return bytes
  if (hasJournal(place)) {
    throw corrupt(layout.root, bytes === undefined ? 'A journal stands here, but nexus.json is missing.' : 'A journal stands here, but nexus.json is damaged.')
  }
  if (bytes === undefined) return undefined
  throw new NexusError('invalid_config', {
    op: 'open',
    path: layout.descriptor,
    backend: 'local',
    reason: "This nexus.json has no marker \"nexus-repository\": it is somebody else's file. Mount the directory with layout=path, or choose another one.",
  })
}

/** Marker and id; `undefined` when the bytes are no descriptor of ours. */
export function parseIdentity(bytes: Uint8Array): DescriptorIdentity | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (typeof value !== 'object' || value === null || !('marker' in value) || value.marker !== 'nexus-repository') return undefined
    return 'id' in value && typeof value.id === 'string' ? { marker: 'nexus-repository', id: value.id } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Makes the repository's directories and its descriptor, create-only and durable. @throws NexusError `already_exists`, `not_empty` */
export async function createDescriptor(place: Place, bytes: Uint8Array, options: CallOptions = {}): Promise<void> {
  options.signal?.throwIfAborted()
  const { layout, environment: { files }, scratch } = place
  if (parseIdentity(bytes) === undefined) {
    throw new NexusError('invalid_argument', { op: 'create', path: layout.descriptor, backend: 'local', reason: 'A descriptor needs the marker "nexus-repository" and a string "id".' })
  }
  refuseOccupied(place)
  const parent = nearestExisting(layout.root)
  makeRoot(files, layout.root)
  for (const name of repositoryDirectories) ensureDirectory(files, join(layout.root, name))
  const temporary = join(scratch(), 'nexus.json')
  await writeDurably(place, temporary, bytes)
  // The directories first: a disk that kept the descriptor alone would hold a repository that cannot be written.
  await syncDirectory(files, layout.root)
  try {
    files.link(temporary, layout.descriptor)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    throw taken(layout.root, error)
  } finally {
    files.unlink(temporary)
  }
  for (let at = layout.root; ; at = dirname(at)) {
    await syncDirectory(files, at)
    if (at === parent || at === dirname(at)) return
  }
}

function refuseOccupied(place: Place): void {
  const { layout, environment: { files } } = place
  if (readDescriptorNow(place) !== undefined) throw taken(layout.root)
  const found = listNames(files, layout.root).find((name) => !isStranger(name) && !isOwnRemnant(files, { root: layout.root, name }))
  if (found === undefined) return
  throw new NexusError('not_empty', {
    op: 'create',
    path: layout.root,
    backend: 'local',
    reason: `A repository begins in an empty directory, and "${found}" stands there. Choose another directory, or mount this one with layout=path.`,
  })
}

/** What a creation that was cut short leaves behind. */
function isOwnRemnant(files: Files, { root, name }: { root: string; name: string }): boolean {
  if (!(repositoryDirectories as readonly string[]).includes(name)) return false
  return listNames(files, join(root, name)).every((inner) => name === 'tmp' && isWriterName(inner))
}

function listNames(files: Files, path: string): string[] {
  try {
    return files.readdir(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

function makeRoot(files: Files, path: string): void {
  if (nearestExisting(path) === path) return
  makeRoot(files, dirname(path))
  ensureDirectory(files, path)
}

function hasJournal({ layout, environment: { files } }: Pick<Place, 'layout' | 'environment'>): boolean {
  const names = listNames(files, layout.journal).filter((name) => segmentFirst(name) !== undefined)
  return names.some((name) => hasSegmentMagic(readSmallFile(files, join(layout.journal, name)) ?? new Uint8Array()))
}

/** The first 64 KiB of a file; `undefined` when there is none. */
function readSmallFile(files: Files, path: string): Uint8Array | undefined {
  let fd: number
  try {
    fd = files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return readFullyNow(files, fd, { offset: 0, length: 64 * 1024 })
  } finally {
    files.close(fd)
  }
}

/** Writes a new file, on disk when this resolves. */
export async function writeDurably({ environment: { files } }: Pick<Place, 'environment'>, path: string, bytes: Uint8Array): Promise<void> {
  const fd = files.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644)
  try {
    for (let done = 0; done < bytes.length; ) done += files.write(fd, bytes, done, bytes.length - done, done)
    await files.fsync(fd)
  } finally {
    files.close(fd)
  }
}

function taken(root: string, cause?: unknown): NexusError {
  return new NexusError('already_exists', { op: 'create', path: root, backend: 'local', cause, reason: 'Another writer made a repository here meanwhile; open it again.' })
}
