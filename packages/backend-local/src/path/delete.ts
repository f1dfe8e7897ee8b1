import { rmdirSync, unlinkSync } from 'node:fs'
import { type DeleteOptions, isNexusError, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { enter } from './directory.ts'
import { errnoOf } from './errors.ts'
import { lookAt, requireMatch } from './file-stat.ts'
import { locate, type Place } from './locate.ts'
import { isRepository } from './nested.ts'
import { refuseKeptDirectories, removeTree } from './remove-tree.ts'
import { syncDirectory } from './sync-disk.ts'

/** Removes a file, a link itself, an empty directory, or (`recursive`) a directory with all below it. */
export async function deletePath(context: PathContext, path: Path, options: DeleteOptions = {}): Promise<void> {
  let place: Place
  try {
    place = locate(context, path)
  } catch (error) {
    if (options.force === true && (isNexusError(error, 'not_found') || errnoOf(error) === 'ENOENT')) return
    throw error
  }
  try {
    await deleteAt(context, place, { ...options, path })
  } finally {
    place.directory.close()
  }
}

async function deleteAt(context: PathContext, place: Place, options: DeleteOptions & { readonly path: Path }): Promise<void> {
  const found = lookAt(place.file)
  if (found === undefined) {
    if (options.force === true) return
    throw new NexusError('not_found')
  }
  await context.attributes.mark()
  if (found.isDirectory()) await deleteDirectory(context, place, options)
  else await deleteFile(context, place, options)
  if (context.config.durability === 'fsync') await syncDirectory(place.directory.self)
}

async function deleteFile(context: PathContext, place: Place, { ifMatch, signal, force }: DeleteOptions): Promise<void> {
  await context.order.turn({ conditional: ifMatch !== undefined, signal }, () => {
    requireMatch(context, place.file, ifMatch)
    const found = lookAt(place.file)
    if (found === undefined && force === true) return
    unlinkSync(place.file)
    if (found?.nlink === 1n) context.attributes.remove(found)
  })
}

async function deleteDirectory(context: PathContext, place: Place, { path, ifMatch, recursive, signal }: DeleteOptions & { readonly path: Path }): Promise<void> {
  if (ifMatch !== undefined) throw new NexusError('precondition_failed', { reason: 'A directory has no etag that ifMatch could ask for.' })
  if (recursive === true) {
    await refuseKeptDirectories(context, place, { path, signal })
    await removeTree(context, place, signal)
    return
  }
  refuseRepository(place)
  try {
    rmdirSync(place.file)
  } catch (error) {
    if (errnoOf(error) !== 'ENOTEMPTY') throw error
    // Perhaps only what a killed writer left is in it, which nobody sees.
    const directory = enter(place.directory, place.name)
    await context.temporaries.sweep(directory, { again: true }).finally(directory.close)
    rmdirSync(place.file)
  }
}

function refuseRepository(place: Place): void {
  const directory = enter(place.directory, place.name)
  try {
    if (isRepository(directory)) throw keptRepository(place)
  } finally {
    directory.close()
  }
}

function keptRepository(place: Place): NexusError {
  return new NexusError('unsupported', { reason: `"${place.name.toString()}" is a Nexus repository; Nexus does not delete one as files.` })
}
