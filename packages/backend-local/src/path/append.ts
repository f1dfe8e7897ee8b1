import { closeSync, constants, fstatSync, ftruncateSync, write, writeSync, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { type AppendOptions, type Body, type FileStat, isNexusError, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { errnoOf } from './errors.ts'
import { lookAt, requireMatch, toFileStat } from './file-stat.ts'
import { fillFile } from './fill-file.ts'
import { locate, type Place } from './locate.ts'
import { stage } from './publish.ts'
import { openRegular } from './read.ts'
import { syncFile } from './sync-disk.ts'
import { write as writeFile } from './write.ts'

const writeAsync = promisify(write)

/** One write(2) with O_APPEND: up to here nobody's append comes between the bytes of another one. */
const pieceBytes = 1_048_576
/** Up to here a write costs less on the loop than a hop to the thread pool. */
const maxSyncBytes = 65_536
/** So often an append starts again because the file was made or removed meanwhile. */
const maxAttempts = 16

/**
 * Extends a file in place; makes it when it is absent. A stream is taken in whole before the first byte is appended, so that one which
 * breaks off appends nothing. Up to 1 MiB the bytes stay together whoever else appends; longer ones may be interleaved in pieces of 1 MiB.
 */
export async function append(context: PathContext, path: Path, body: Body, options: AppendOptions = {}): Promise<FileStat> {
  if (path === '/') throw new NexusError('is_directory')
  if (!(body instanceof Uint8Array)) return await appendStream(context, path, body, options)
  return await appendBytes(context, path, () => [body], options)
}

type Pieces = () => Iterable<Uint8Array>

async function appendBytes(context: PathContext, path: Path, pieces: Pieces, options: AppendOptions): Promise<FileStat> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const result = (await extend(context, path, pieces, options)) ?? (await create(context, path, pieces, options))
    if (result !== undefined) return result
  }
  throw new NexusError('busy', { reason: 'The file comes and goes faster than it can be extended; try again.' })
}

/** `undefined` when the file is absent. One that is moved or replaced meanwhile is extended all the same: the append came first. */
async function extend(context: PathContext, path: Path, pieces: Pieces, { ifMatch, signal }: AppendOptions): Promise<FileStat | undefined> {
  const place = locateUnlessAbsent(context, path)
  if (place === undefined) return undefined
  try {
    if (lookAt(place.file) === undefined) return undefined
    const { descriptor } = openRegular(place, constants.O_RDWR | constants.O_APPEND)
    try {
      await context.order.turn({ conditional: ifMatch !== undefined, signal }, () => {
        requireMatch(context, place.file, ifMatch)
        if (ifMatch !== undefined) appendNow(descriptor, pieces())
      })
      if (ifMatch === undefined) await appendPieces(descriptor, pieces(), signal)
      if (context.config.durability === 'fsync') await syncFile(descriptor)
      const stats = fstatSync(descriptor, { bigint: true })
      return toFileStat(path, stats, context.attributes.find(stats))
    } finally {
      closeSync(descriptor)
    }
  } finally {
    place.directory.close()
  }
}

/** `undefined` when somebody else made it first. */
async function create(context: PathContext, path: Path, pieces: Pieces, { ifMatch, signal }: AppendOptions): Promise<FileStat | undefined> {
  if (ifMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'The file is not there, and ifMatch asks for a state of it.' })
  const source = pieces()[Symbol.iterator]()
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => pullPiece(controller, source) }, { highWaterMark: 0 })
  try {
    return await writeFile(context, path, body, { ifNoneMatch: '*', signal })
  } catch (error) {
    if (isNexusError(error, 'precondition_failed')) return undefined
    throw error
  }
}

function pullPiece(controller: ReadableStreamDefaultController<Uint8Array>, source: Iterator<Uint8Array, unknown>): void {
  const step = source.next()
  if (step.done === true) controller.close()
  else controller.enqueue(step.value)
}

async function appendStream(context: PathContext, path: Path, body: ReadableStream<Uint8Array>, options: AppendOptions): Promise<FileStat> {
  const root = await context.root.make()
  await context.temporaries.sweep(root)
  const spool = stage(context, root)
  try {
    const sizeBytes = await fillFile(spool.descriptor, body, options)
    options.signal?.throwIfAborted()
    await context.attributes.mark()
    return await appendBytes(context, path, () => readPieces(spool.descriptor, sizeBytes), options)
  } finally {
    spool.discard()
  }
}

function* readPieces(descriptor: number, sizeBytes: number): Generator<Uint8Array> {
  for (let offset = 0; offset < sizeBytes; ) {
    const piece = new Uint8Array(Math.min(pieceBytes, sizeBytes - offset))
    offset += readSync(descriptor, piece, 0, piece.length, offset)
    yield piece
  }
}

/** Inside a turn nothing may come between look and change, so the loop waits; conditional appends are small. */
function appendNow(descriptor: number, pieces: Iterable<Uint8Array>): void {
  const before = fstatSync(descriptor).size
  let written = 0
  try {
    for (const piece of pieces) {
      for (let done = 0; done < piece.length; ) {
        const count = writeSync(descriptor, piece, done)
        done += count
        written += count
      }
    }
  } catch (error) {
    takeBack(descriptor, before, written)
    throw error
  }
}

async function appendPieces(descriptor: number, pieces: Iterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
  const before = fstatSync(descriptor).size
  let written = 0
  try {
    for (const piece of pieces) {
      for (let done = 0; done < piece.length; ) {
        signal?.throwIfAborted()
        const count = await appendOnce(descriptor, piece.subarray(done, done + pieceBytes))
        done += count
        written += count
      }
    }
  } catch (error) {
    takeBack(descriptor, before, written)
    throw error
  }
}

async function appendOnce(descriptor: number, bytes: Uint8Array): Promise<number> {
  if (bytes.length <= maxSyncBytes) return writeSync(descriptor, bytes)
  return (await writeAsync(descriptor, bytes, 0, bytes.length, null)).bytesWritten
}

/** A failed append leaves nothing behind, unless others have appended after it: their bytes are worth more. */
function takeBack(descriptor: number, before: number, written: number): void {
  if (written > 0 && fstatSync(descriptor).size === before + written) ftruncateSync(descriptor, before)
}

function locateUnlessAbsent(context: PathContext, path: Path): Place | undefined {
  try {
    return locate(context, path)
  } catch (error) {
    if (isNexusError(error, 'not_found') || errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
