import { isNexusError, type MkdirOptions, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { errnoOf } from './errors.ts'
import { lookAt } from './file-stat.ts'
import { checkedNames, locate, makeDirectories, makeDirectory, type Place } from './locate.ts'

/** Makes a directory, and with `recursive` its missing parents. */
export async function mkdir(context: PathContext, path: Path, options: MkdirOptions = {}): Promise<void> {
  if (path === '/' && options.recursive !== true) throw new NexusError('already_exists')
  await context.attributes.mark()
  if (options.recursive === true) await makeAll(context, path)
  else await makeOne(context, path)
}

async function makeOne(context: PathContext, path: Path): Promise<void> {
  const place = locateForMkdir(context, path)
  try {
    await makeDirectory(context, place.directory, place.name)
  } finally {
    place.directory.close()
  }
}

/** Where nothing can ever be made, the file in the way is the answer. */
function locateForMkdir(context: PathContext, path: Path): Place {
  try {
    return locate(context, path)
  } catch (error) {
    throw isNexusError(error) && isNexusError(error.cause, 'not_directory') ? error.cause : error
  }
}

/** Another call was first. */
function acceptExisting(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error
}

async function makeAll(context: PathContext, path: Path): Promise<void> {
  const names = checkedNames(context, path)
  const name = names.pop()
  const parent = await makeDirectories(context, names)
  try {
    if (name === undefined) return
    const found = lookAt(parent.child(name))
    if (found?.isDirectory() === false) throw new NexusError('already_exists', { reason: 'A file stands there.' })
    if (found === undefined) await makeDirectory(context, parent, name).catch(acceptExisting)
  } finally {
    parent.close()
  }
}
