import type { FileStat } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type Path, relativePath, underPath } from '../contract/paths.ts'
import { forEachConcurrently } from '../facade/for-each-concurrently.ts'
import { copyOnce } from './copy-once.ts'
import { deleteAt, mkdirAt } from './delete.ts'
import { listAt } from './list-at.ts'
import type { Move } from './move.ts'
import { deleteCopied } from './move-file.ts'
import type { MoveRecord } from './move-journal.ts'
import type { Place } from './place.ts'
import { statAt } from './stat.ts'

/** Files under way at the same time. */
const concurrency = 8

/**
 * Moves a directory file by file, several at once. First everything is copied and verified, then each source is deleted as it was copied, and the
 * directories from the deepest up: what somebody adds meanwhile makes that fail with `not_empty` rather than vanish. Of the files only those under way
 * are in memory, where a journal keeps the others; of the directories all paths are.
 */
export async function moveDirectory(move: Move, record: MoveRecord): Promise<FileStat> {
  const { source, target, options } = move
  const given = { signal: options?.signal }
  if (!record.isResumed) {
    await refuseTarget(move)
    await record.begun()
  }
  await mkdirAt(target, { ...given, recursive: true })
  const directories = await copyAll(move, record)
  await forEachConcurrently(record.copies(), { concurrency, ...given }, (file, signal) => deleteCopied(below(source, file.path), file, { record, signal }))
  for (const path of directories.reverse()) await deleteAt(below(source, path), { ...given, force: true })
  await deleteAt(source, { ...given, force: true })
  return statAt(target, given)
}

/** @returns The directories below the source, parents first */
async function copyAll(move: Move, record: MoveRecord): Promise<string[]> {
  const { source, target, options } = move
  const directories: string[] = []
  await forEachConcurrently(listAt(source, { signal: options?.signal, recursive: true, fresh: true }), { concurrency, signal: options?.signal }, async (entry, signal) => {
    const path = relativePath(entry.path, source.path).slice(1)
    const ends = { source: below(source, path), target: below(target, path), options: { signal, onPass: options?.onPass } }
    if (entry.kind === 'file') await copyOnce({ ...move, ...ends }, path, record)
    else {
      directories.push(path)
      await mkdirAt(ends.target, { signal, recursive: true })
    }
  })
  return directories
}

async function refuseTarget({ target, options }: Move): Promise<void> {
  try {
    const { kind } = await statAt(target, { signal: options?.signal })
    const code = options?.ifNoneMatch === '*' ? 'precondition_failed' : kind === 'directory' ? 'is_directory' : 'not_directory'
    throw new NexusError(code, {
      op: target.op,
      path: target.path,
      backend: target.mount.backend.scheme,
      reason: 'Something is there, and a directory replaces nothing.',
    })
  } catch (error) {
    if (!isNexusError(error, 'not_found')) throw error
  }
}

/** The place of that relative path below `root`. */
function below(root: Place, path: string): Place {
  const relative = `/${path}` as Path
  return { ...root, path: underPath(root.path, relative), inner: underPath(root.inner, relative) }
}
