import type { FileStat } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type Path, relativePath, underPath } from '../contract/paths.ts'
import { deleteAt, mkdirAt } from './delete.ts'
import { listAt } from './list-at.ts'
import type { Move } from './move.ts'
import { deleteUnchanged, pinned } from './move-file.ts'
import type { Place } from './place.ts'
import { statAt } from './stat.ts'
import { refuseMetadataLoss, transferFile } from './transfer.ts'

/** What was copied, in listing order; directories before what is in them. Held in memory until the sources are deleted. */
interface Moved {
  readonly source: Place
  readonly stat: FileStat
}

/**
 * Moves a directory file by file. First everything is copied and verified, then each source is deleted as it was copied, and the
 * directories from the deepest up: what somebody adds meanwhile makes that fail with `not_empty` rather than vanish.
 */
export async function moveDirectory(move: Move): Promise<FileStat> {
  const { source, target, options } = move
  await refuseTarget(move)
  const given = { signal: options?.signal }
  await mkdirAt(target, { ...given, recursive: true })
  const moved: Moved[] = []
  for await (const entry of listAt(source, { ...given, recursive: true })) moved.push(await copyEntry(move, entry.path))
  for (const { source: place, stat } of moved) if (stat.kind === 'file') await deleteUnchanged(place, stat, options?.signal)
  for (const { source: place, stat } of moved.reverse()) if (stat.kind === 'directory') await deleteAt(place, { ...given, force: true })
  await deleteAt(source, { ...given, force: true })
  return statAt(target, given)
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

async function copyEntry({ source, target, options }: Move, path: Path): Promise<Moved> {
  const place = below(source, source, path)
  const move = { source: place, target: below(target, source, path), options: { signal: options?.signal } }
  const stat = await statAt(place, move.options)
  if (stat.kind === 'directory') await mkdirAt(move.target, { ...move.options, recursive: true })
  else {
    refuseMetadataLoss(move, stat.metadata)
    await transferFile(pinned(move, stat))
  }
  return { source: place, stat }
}

/** The place below `root` that lies as `path` lies below `listed`. */
function below(root: Place, listed: Place, path: Path): Place {
  const relative = relativePath(path, listed.path)
  return { ...root, path: underPath(root.path, relative), inner: underPath(root.inner, relative) }
}
