import {
  type AppendOptions,
  baseName,
  type Body,
  type FileStat,
  type Metadata,
  parentPath,
  type WriteOptions,
} from '@nexus/core/contract'
import { collectBody } from './collect.ts'
import { checkConditions } from './conditions.ts'
import { recordChange } from './log.ts'
import { type FileNode, type FileState, memoryError, type MemoryState, type Place, toEtag, toFileStat } from './state.ts'
import { findNode, maxKeptVersions, ownDirectory, ownStates } from './tree.ts'

/** Collects the body, then stores it in one step. */
export async function write(state: MemoryState, place: Place, body: Body, options: WriteOptions): Promise<FileStat> {
  const { maxSizeBytes } = state
  const bytes = await collectBody(body, place, { maxSizeBytes, sizeBytes: options.sizeBytes, signal: options.signal })
  return applyWrite(state, place, bytes, options)
}

/** The synchronous half of `write`; `bytes` become the backend's own. */
export function applyWrite(state: MemoryState, place: Place, bytes: Uint8Array, options: Omit<WriteOptions, 'signal'>): FileStat {
  const node = findNode(state.root, place.path)
  checkConditions(node, options, place)
  if (node?.kind === 'directory') throw memoryError('is_directory', place)
  return storeFile(state, place, {
    bytes,
    contentType: options.contentType,
    metadata: { ...options.metadata },
    createdAt: node?.state.createdAt,
  })
}

/** Collects the body, then extends the file by it in one step; creates the file when it is absent. */
export async function append(state: MemoryState, place: Place, body: Body, options: AppendOptions): Promise<FileStat> {
  const added = await collectBody(body, place, { maxSizeBytes: state.maxSizeBytes, signal: options.signal })
  const node = findNode(state.root, place.path)
  checkConditions(node, options, place)
  if (node?.kind === 'directory') throw memoryError('is_directory', place)
  const before = node?.state.bytes ?? new Uint8Array(0)
  if (before.length + added.length > state.maxSizeBytes) {
    throw memoryError(
      'invalid_argument',
      place,
      `The file would be longer than the ${state.maxSizeBytes} bytes that this backend keeps (maxSizeBytes).`,
    )
  }
  const bytes = new Uint8Array(before.length + added.length)
  bytes.set(before)
  bytes.set(added, before.length)
  return storeFile(state, place, {
    bytes,
    contentType: node?.state.contentType,
    metadata: node?.state.metadata ?? {},
    createdAt: node?.state.createdAt,
  })
}

/** What a new state of a file is made of; the rest is stamped. */
interface NewState {
  readonly bytes: Uint8Array
  readonly contentType: string | undefined
  readonly metadata: Metadata
  /** Kept from the file that it replaces. */
  readonly createdAt: Date | undefined
}

/** Enters a new state of a file, with its history; the caller has checked that no directory stands there. */
export function storeFile(state: MemoryState, place: Place, content: NewState): FileStat {
  const directory = ownDirectory(state, parentPath(place.path), place)
  const before = directory.entries.get(baseName(place.path))
  const past = before?.kind === 'file' ? ownStates(state, before).slice(0, maxKeptVersions - 1) : []
  const node: FileNode = { kind: 'file', state: stamp(state, content), past }
  directory.entries.set(baseName(place.path), node)
  recordChange(state, { type: before === undefined ? 'created' : 'modified', path: place.path, kind: 'file', etag: toEtag(node.state) })
  return toFileStat(place.path, node)
}

/** Numbers and dates a new state. */
export function stamp(state: MemoryState, content: NewState): FileState {
  const modifiedAt = new Date(state.now())
  return { ...content, sequence: ++state.sequence, createdAt: content.createdAt ?? modifiedAt, modifiedAt }
}
