import type { BigIntStats } from 'node:fs'
import { type Body, type FileStat, isNexusError, NexusError, type Path, type WriteOptions } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { errnoOf } from './errors.ts'
import { lookAt, requireMatch } from './file-stat.ts'
import { fillFile } from './fill-file.ts'
import { locate, locateForWrite, openNearest } from './locate.ts'
import { publish, type PublishOptions, stage, type Staged } from './publish.ts'
import { toWantedAttributes } from './wanted-attributes.ts'

/** Stores a body in a temporary file beside its place, then renames it there: readers see the old content or the new one, whole. */
export async function write(context: PathContext, path: Path, body: Body, options: WriteOptions = {}): Promise<FileStat> {
  const wanted = toWantedAttributes(context.random, options)
  if (path === '/') throw new NexusError('is_directory')
  if (options.ifMatch !== undefined) requireMatchBefore(context, path, options.ifMatch)
  const nearest = await openNearest(context, path)
  try {
    refuseEarly(context, path, options)
    await context.temporaries.sweep(nearest)
    const staged = stage(context, nearest)
    try {
      await fillFile(staged.descriptor, body, options)
      options.signal?.throwIfAborted()
      // Not before the body is here: what is given up leaves an empty directory empty.
      await context.attributes.mark()
      return await publishAt(context, staged, { ...options, ...wanted, path })
    } finally {
      staged.discard()
    }
  } finally {
    nearest.close()
  }
}

/** So often parents are made again that somebody removes before the file has its place. */
const maxAttempts = 8

/** Makes the parents and publishes there. @throws NexusError `busy` when others keep removing them */
export async function publishAt(context: PathContext, staged: Staged, options: PublishOptions): Promise<FileStat> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      const place = await locateForWrite(context, options.path)
      return await publish(context, place, staged, options).finally(place.directory.close)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
  throw new NexusError('busy', { path: options.path, reason: 'Others keep removing the directory that it is written into; try again.' })
}

/** A condition that cannot hold makes no parents. */
function requireMatchBefore(context: PathContext, path: Path, ifMatch: string): void {
  try {
    const place = locate(context, path)
    try {
      requireMatch(context, place.file, ifMatch)
    } finally {
      place.directory.close()
    }
  } catch (error) {
    if (!isAbsence(error)) throw error
    throw new NexusError('precondition_failed', { reason: 'The file is not there, and ifMatch asks for a state of it.', cause: error })
  }
}

/** What is certain to fail is not worth taking in a body for. The same is looked at again when the file gets its place. */
function refuseEarly(context: PathContext, path: Path, { ifNoneMatch }: WriteOptions): void {
  const found = statUnlessAbsent(context, path)
  if (found === undefined) return
  if (ifNoneMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'Something is there already, and ifNoneMatch asks to replace nothing.' })
  if (found.isDirectory()) throw new NexusError('is_directory')
  if (!found.isFile() && !found.isSymbolicLink()) {
    throw new NexusError('unsupported', { reason: 'It is a device, FIFO or socket; delete it first if a file shall take its place.' })
  }
}

/** What is at `path` now, `undefined` when nothing is. */
export function statUnlessAbsent(context: PathContext, path: Path): BigIntStats | undefined {
  try {
    const place = locate(context, path)
    try {
      return lookAt(place.file)
    } finally {
      place.directory.close()
    }
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  return isNexusError(error, 'not_found') || errnoOf(error) === 'ENOENT'
}
