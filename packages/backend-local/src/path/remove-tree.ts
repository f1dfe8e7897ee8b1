import { rmdirSync, unlinkSync } from 'node:fs'
import { isNexusError, isWithin, joinPath, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { enter, type HeldDirectory } from './directory.ts'
import { errnoOf } from './errors.ts'
import { lookAt } from './file-stat.ts'
import type { Place } from './locate.ts'
import { type FileName, toSegment } from './names.ts'
import { isRepository } from './nested.ts'
import { readNames } from './read-directory.ts'

/** So often a directory is emptied again when others keep writing into it. */
const maxRounds = 16

interface Walk {
  readonly path: Path
  readonly signal: AbortSignal | undefined
}

/**
 * Looks through a directory for what must not be deleted as files, before anything is.
 * @throws NexusError `unsupported` for a repository, `permission_denied` for Nexus' own state
 */
export async function refuseKeptDirectories(context: PathContext, { directory, name }: Pick<Place, 'directory' | 'name'>, { path, signal }: Walk): Promise<void> {
  signal?.throwIfAborted()
  const hidden = context.privatePaths.find((kept) => isWithin(kept, path))
  if (hidden !== undefined) throw new NexusError('permission_denied', { reason: `Nexus keeps its own state in "${hidden}"; nothing was deleted.` })
  const held = enterUnlessGone(directory, name)
  if (held === undefined) return
  try {
    if (isRepository(held)) throw new NexusError('unsupported', { path, reason: 'It is a Nexus repository, which is not deleted as files; nothing was deleted.' })
    for (const entry of await readNames(held)) {
      if (!entry.isDirectory) continue
      await refuseKeptDirectories(context, { directory: held, name: entry.name }, { path: joinPath(path, toSegment(entry.name)), signal })
    }
  } finally {
    held.close()
  }
}

/** Removes a directory and all below it. Links are removed, never followed; what others remove meanwhile is no failure. */
export async function removeTree(context: PathContext, place: Pick<Place, 'directory' | 'name'>, signal: AbortSignal | undefined): Promise<void> {
  const file = place.directory.child(place.name)
  for (let round = 0; round < maxRounds; round++) {
    const held = enterUnlessGone(place.directory, place.name)
    if (held === undefined) {
      if (removeFile(context, file)) return
      continue
    }
    await empty(context, held, signal).finally(held.close)
    try {
      rmdirSync(file)
      return
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return
      if (errnoOf(error) !== 'ENOTEMPTY') throw error
    }
  }
  throw new NexusError('busy', { reason: 'Others keep writing into it while it is deleted; try again.' })
}

async function empty(context: PathContext, directory: HeldDirectory, signal: AbortSignal | undefined): Promise<void> {
  for (const { name, isDirectory } of await readNames(directory)) {
    signal?.throwIfAborted()
    if (isDirectory || !removeFile(context, directory.child(name))) await removeTree(context, { directory, name }, signal)
  }
}

/** @returns `false` when a directory has taken the file's place. */
function removeFile(context: PathContext, file: FileName): boolean {
  const found = context.attributes.inUse() ? lookAt(file) : undefined
  try {
    unlinkSync(file)
  } catch (error) {
    const code = errnoOf(error)
    // Linux says EISDIR, POSIX EPERM.
    if (code === 'EISDIR' || (code === 'EPERM' && lookAt(file)?.isDirectory() === true)) return false
    if (code !== 'ENOENT') throw error
  }
  if (found?.nlink === 1n) context.attributes.remove(found)
  return true
}

/** `undefined` when it is gone, or a file or link has taken its place. */
function enterUnlessGone(parent: HeldDirectory, name: FileName): HeldDirectory | undefined {
  try {
    return enter(parent, name)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || isNexusError(error, 'not_directory') || isNexusError(error, 'unsupported')) return undefined
    throw error
  }
}
