import { mkdirSync } from 'node:fs'
import { isNexusError, isWithin, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { enter, type HeldDirectory } from './directory.ts'
import { errnoOf } from './errors.ts'
import { type FileName, toFileNames } from './names.ts'
import { insideRepository, isRepository } from './nested.ts'
import { syncDirectory } from './sync-disk.ts'

/** Where a file is: the directory that holds it, open until `close`, and its name there. */
export interface Place {
  readonly directory: HeldDirectory
  readonly name: FileName
  /** For `node:fs`: `directory.child(name)`. */
  readonly file: FileName
}

/**
 * Walks to the directory of `path`, which is not the root, and follows no link on the way.
 * @throws NexusError `not_found`, `not_directory`, `unsupported` (inside a repository), `invalid_path`, `permission_denied`
 */
export function locate(context: PathContext, path: Path): Place {
  const names = checkedNames(context, path)
  const name = names.pop()
  if (name === undefined) throw new NexusError('invalid_argument', { reason: 'The root of a mount stays where it is; name a file or directory below it.' })
  const directory = walkToExisting(context.root.hold() ?? missing(), names)
  return { directory, name, file: directory.child(name) }
}

/** The same, with missing parents made and, for `fsync`, made durable. */
export async function locateForWrite(context: PathContext, path: Path): Promise<Place> {
  const names = checkedNames(context, path)
  const name = names.pop()
  if (name === undefined) throw new NexusError('is_directory', { path, reason: 'It is the root of the mount; name a file below it.' })
  const directory = await makeDirectories(context, names)
  return { directory, name, file: directory.child(name) }
}

/**
 * Opens the innermost directory above `path` that is there, for what is on its way to `path`: a body that breaks off leaves no directories.
 * @throws NexusError `not_directory` when a file stands where a directory would have to be made
 */
export async function openNearest(context: PathContext, path: Path): Promise<HeldDirectory> {
  let current = await context.root.make()
  for (const name of checkedNames(context, path).slice(0, -1)) {
    const parent = current
    try {
      current = enter(parent, name)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return parent
      parent.close()
      throw error
    }
    parent.close()
    refuseRepository(current, name)
  }
  return current
}

/** Opens the directory `path` itself. A repository is opened too: look with `isRepository`. */
export function openDirectory(context: PathContext, path: Path): HeldDirectory {
  const names = checkedNames(context, path)
  const root = context.root.hold() ?? missing()
  const name = names.pop()
  if (name === undefined) return root
  const parent = walkToExisting(root, names)
  try {
    return enter(parent, name)
  } finally {
    parent.close()
  }
}

/** Makes the directories of `names`, from the root down, where they are missing; gives the last one. */
export async function makeDirectories(context: PathContext, names: readonly FileName[]): Promise<HeldDirectory> {
  let current = await context.root.make()
  for (const name of names) {
    const parent = current
    try {
      current = await enterOrMake(context, parent, name)
    } finally {
      parent.close()
    }
    refuseRepository(current, name)
  }
  return current
}

/** @throws NexusError `invalid_path`, and `permission_denied` for what Nexus keeps for itself on this machine */
export function checkedNames(context: PathContext, path: Path): FileName[] {
  for (const hidden of context.privatePaths) {
    if (!isWithin(path, hidden)) continue
    throw new NexusError('permission_denied', { reason: `Nexus keeps its own state in "${hidden}"; it is not shown as files.` })
  }
  return toFileNames(path)
}

async function enterOrMake(context: PathContext, parent: HeldDirectory, name: FileName): Promise<HeldDirectory> {
  try {
    const held = enter(parent, name)
    // Another call made it and is not yet done: what is acknowledged below it must not vanish with its name.
    if (context.unsynced.size > 0) await context.unsynced.get(held.id())
    return held
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  try {
    await makeDirectory(context, parent, name)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  return enter(parent, name)
}

/** Makes one directory, durable for `fsync`. @throws errno of mkdir(2) */
export async function makeDirectory(context: PathContext, parent: HeldDirectory, name: FileName): Promise<void> {
  mkdirSync(parent.child(name))
  if (context.config.durability !== 'fsync') return
  const held = enter(parent, name)
  const id = held.id()
  held.close()
  const synced = syncDirectory(parent.self)
  context.unsynced.set(id, synced)
  await synced.finally(() => context.unsynced.delete(id))
}

function walk(root: HeldDirectory, names: readonly FileName[]): HeldDirectory {
  let current = root
  for (const name of names) {
    const parent = current
    try {
      current = enter(parent, name)
    } finally {
      parent.close()
    }
    refuseRepository(current, name)
  }
  return current
}

/** Below a file nothing exists. */
function walkToExisting(root: HeldDirectory, names: readonly FileName[]): HeldDirectory {
  try {
    return walk(root, names)
  } catch (error) {
    if (isNexusError(error, 'not_directory')) throw new NexusError('not_found', { reason: error.reason, cause: error })
    throw error
  }
}

function refuseRepository(directory: HeldDirectory, name: FileName): void {
  let refused = true
  try {
    refused = isRepository(directory)
  } finally {
    if (refused) directory.close()
  }
  if (refused) throw insideRepository(name)
}

function missing(): never {
  throw new NexusError('not_found')
}
