import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { type ByteRange, type FileContent, NexusError, type Path, type ReadOptions } from '@nexus/core/contract'
import { type ByteSource, openBody } from './body.ts'
import type { PathContext } from './context.ts'
import { lookAt, toFileStat } from './file-stat.ts'
import { locate, type Place } from './locate.ts'
import { refuseVersions } from './stat.ts'

/** Up to here a file is read at once, without a thread-pool hop and without keeping it open. */
const maxEagerBytes = 65_536

/** Opens a regular file for one reading. Links, devices, FIFOs and sockets are `unsupported`. */
export function read(context: PathContext, path: Path, options: ReadOptions = {}): FileContent {
  checkRange(options.range)
  refuseVersions(options)
  if (path === '/') throw new NexusError('is_directory')
  const place = locate(context, path)
  try {
    return openContent(context, place, { ...options, path })
  } finally {
    place.directory.close()
  }
}

/**
 * Opens a regular file and looks at it; whoever calls closes the descriptor.
 * @throws NexusError `not_found`, `is_directory`, `unsupported`
 */
export function openRegular(place: Place, flags: number): { readonly descriptor: number; readonly stats: BigIntStats } {
  refuseSpecial(lookAt(place.file))
  // What stands there now may be another thing than a moment ago: a link is refused by NOFOLLOW, a FIFO does not make us wait.
  const descriptor = openSync(place.file, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor, { bigint: true })
    refuseSpecial(stats)
    return { descriptor, stats }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function refuseSpecial(stats: BigIntStats | undefined): void {
  if (stats === undefined) throw new NexusError('not_found')
  if (stats.isDirectory()) throw new NexusError('is_directory')
  if (stats.isSymbolicLink()) throw new NexusError('unsupported', { reason: 'It is a symbolic link, and links are never followed; stat shows its target as metadata "symlink".' })
  if (!stats.isFile()) throw new NexusError('unsupported', { reason: 'It is a device, FIFO or socket; Nexus reads and writes regular files only.' })
}

function openContent(context: PathContext, place: Place, { path, range, ifMatch, signal }: ReadOptions & { readonly path: Path }): FileContent {
  const { descriptor, stats } = openRegular(place, constants.O_RDONLY)
  let keep = false
  try {
    const stat = toFileStat(path, stats, context.attributes.find(stats))
    if (ifMatch !== undefined && stat.etag !== ifMatch) throw new NexusError('precondition_failed')
    const { start, end } = toBounds(range, Number(stats.size))
    const eager = end - start <= maxEagerBytes
    const source: ByteSource = eager ? { bytes: readNow(descriptor, start, end) } : { descriptor, start, end }
    const content = openBody(context, { stat, source, signal })
    keep = !eager
    return content
  } finally {
    if (!keep) closeSync(descriptor)
  }
}

function readNow(descriptor: number, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start)
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(descriptor, bytes, done, bytes.length - done, start + done)
    if (count === 0) throw truncated()
    done += count
  }
  return bytes
}

/** A file that somebody cuts while it is read gives an error, never less than was promised. */
export function truncated(): NexusError {
  return new NexusError('busy', { reason: 'The file was cut short while it was read; read it again.' })
}

/** Refuses what is no range before any I/O. */
function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return
  const numbers = 'suffix' in range ? [range.suffix] : [range.offset, range.length ?? 0]
  if (numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return
  throw new NexusError('invalid_argument', { reason: 'A range counts bytes: offset, length and suffix are whole numbers from 0 on.' })
}

function toBounds(range: ByteRange | undefined, size: number): { readonly start: number; readonly end: number } {
  if (range === undefined) return { start: 0, end: size }
  if ('suffix' in range) return { start: Math.max(0, size - range.suffix), end: size }
  const start = Math.min(range.offset, size)
  return { start, end: range.length === undefined ? size : Math.min(start + range.length, size) }
}
