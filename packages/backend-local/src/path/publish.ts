import { type BigIntStats, closeSync, constants, fchmodSync, fstatSync, futimesSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { type FileStat, NexusError, type Path } from '@nexus/core/contract'
import type { Attributes } from './attributes.ts'
import type { PathContext } from './context.ts'
import type { HeldDirectory } from './directory.ts'
import { errnoOf } from './errors.ts'
import { lookAt, requireMatch, toFileStat } from './file-stat.ts'
import type { Place } from './locate.ts'
import type { FileName } from './names.ts'
import { syncDirectory, syncFile } from './sync-disk.ts'
import type { WantedAttributes } from './wanted-attributes.ts'

/** A file on its way: it has its content and not yet its name. */
export interface Staged {
  readonly file: FileName
  readonly descriptor: number
  /** Closes it, and removes it when it was not published. */
  readonly discard: () => void
}

/** Under which conditions a staged file gets its name. */
export interface PublishOptions extends WantedAttributes {
  readonly path: Path
  readonly ifNoneMatch?: '*' | undefined
  /** Runs with nothing between it and the change; may throw. */
  readonly check?: (() => void) | undefined
  readonly ifMatch?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Makes an empty temporary file in the directory of its later place. */
export function stage(context: PathContext, directory: HeldDirectory, file: FileName = directory.child(context.temporaries.newName())): Staged {
  const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o666)
  return stagedAs(file, descriptor)
}

/** A temporary file that something else made. */
export function stagedAs(file: FileName, descriptor: number): Staged {
  const discard = (): void => {
    closeSync(descriptor)
    rmSync(file, { force: true })
  }
  return { file, descriptor, discard }
}

/**
 * Gives a staged file its place: content and attributes durable, then the name, then the name durable.
 * @throws NexusError `is_directory`, `precondition_failed`
 */
export async function publish(context: PathContext, place: Place, staged: Staged, options: PublishOptions): Promise<FileStat> {
  const { attributes, mode, signal } = options
  if (mode !== undefined) fchmodSync(staged.descriptor, mode)
  stamp(context, staged.descriptor)
  const durable = context.config.durability === 'fsync'
  if (durable) await syncFile(staged.descriptor)
  const stats = fstatSync(staged.descriptor, { bigint: true })
  try {
    // Their name is the identity of the staged file: nobody sees them before the file has its place.
    if (attributes !== undefined) await saveAttributes(context, stats, attributes)
    await context.order.turn({ conditional: options.ifMatch !== undefined || options.check !== undefined, signal }, () => putInPlace(context, place, staged, options))
  } catch (error) {
    if (attributes !== undefined) context.attributes.remove(stats)
    throw error
  }
  const result = toFileStat(options.path, fstatSync(staged.descriptor, { bigint: true }), attributes)
  if (durable) await syncDirectory(place.directory.self)
  return result
}

async function saveAttributes(context: PathContext, stats: BigIntStats, attributes: Attributes): Promise<void> {
  const prepared = await context.attributes.prepare(stats, attributes)
  try {
    prepared.publish()
  } finally {
    await prepared.finish()
  }
}

function putInPlace(context: PathContext, place: Place, staged: Staged, { ifMatch, ifNoneMatch, check, signal }: PublishOptions): void {
  signal?.throwIfAborted()
  check?.()
  const replaced = lookAt(place.file)
  if (replaced?.isDirectory() === true && ifNoneMatch === undefined) throw new NexusError('is_directory')
  requireMatch(context, place.file, ifMatch)
  if (ifNoneMatch === undefined) {
    renameSync(staged.file, place.file)
    if (replaced !== undefined && replaced.nlink === 1n) context.attributes.remove(replaced)
  } else {
    linkNew(staged.file, place.file)
    rmSync(staged.file)
  }
}

/** Gives a file a second name where nothing is. @throws NexusError `precondition_failed` when something is there */
export function linkNew(from: FileName, to: FileName): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw new NexusError('precondition_failed', { reason: 'Something is there already, and ifNoneMatch asks to replace nothing.', cause: error })
    throw error
  }
}

let stamps = 0

/**
 * The clock of a filesystem ticks every few milliseconds and inodes are used again, so two contents written after each other could get
 * the same etag. A counted number of microseconds in the time of modification keeps them apart.
 */
function stamp(context: PathContext, descriptor: number): void {
  stamps = (stamps + 1) % 1000
  const seconds = (Math.floor(context.now()) + stamps / 1000) / 1000
  futimesSync(descriptor, seconds, seconds)
}
