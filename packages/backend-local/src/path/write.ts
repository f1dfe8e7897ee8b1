import { type Body, type FileStat, isNexusError, NexusError, type Path, type WriteOptions } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { lookAt, requireMatch } from './file-stat.ts'
import { fillFile } from './fill-file.ts'
import { locate, locateForWrite, type Place } from './locate.ts'
import { publish, stage } from './publish.ts'
import { toWantedAttributes } from './wanted-attributes.ts'

/** Stores a body in a temporary file beside its place, then renames it there: readers see the old content or the new one, whole. */
export async function write(context: PathContext, path: Path, body: Body, options: WriteOptions = {}): Promise<FileStat> {
  const wanted = toWantedAttributes(context.random, options)
  if (path === '/') throw new NexusError('is_directory')
  if (options.ifMatch !== undefined) requireMatchBefore(context, path, options.ifMatch)
  const place = await locateForWrite(context, path)
  try {
    refuseEarly(place, options)
    await context.attributes.mark()
    await context.temporaries.sweep(place.directory)
    return await writeAt(context, place, body, { ...options, ...wanted, path })
  } finally {
    place.directory.close()
  }
}

async function writeAt(context: PathContext, place: Place, body: Body, options: WriteOptions & Parameters<typeof publish>[3]): Promise<FileStat> {
  const staged = stage(context, place.directory)
  try {
    await fillFile(staged.descriptor, body, options)
    return await publish(context, place, staged, options)
  } finally {
    staged.discard()
  }
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
function refuseEarly(place: Place, { ifNoneMatch }: WriteOptions): void {
  const found = lookAt(place.file)
  if (found === undefined) return
  if (ifNoneMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'Something is there already, and ifNoneMatch asks to replace nothing.' })
  if (found.isDirectory()) throw new NexusError('is_directory')
  if (!found.isFile() && !found.isSymbolicLink()) {
    throw new NexusError('unsupported', { reason: 'It is a device, FIFO or socket; delete it first if a file shall take its place.' })
  }
}

function isAbsence(error: unknown): boolean {
  return isNexusError(error, 'not_found') || (error instanceof Error && 'code' in error && error.code === 'ENOENT')
}
