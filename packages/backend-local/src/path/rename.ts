import { type BigIntStats, renameSync, unlinkSync } from 'node:fs'
import { type FileStat, isWithin, type MoveOptions, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { enter } from './directory.ts'
import { lookAt, requireMatch, statOf } from './file-stat.ts'
import { locate, locateForWrite, type Place } from './locate.ts'
import { isRepository } from './nested.ts'
import { linkNew } from './publish.ts'
import { stat } from './stat.ts'
import { syncDirectory } from './sync-disk.ts'

/** Moves a file, a link itself or a directory with rename(2); attributes belong to the file and go along. */
export async function rename(context: PathContext, from: Path, to: Path, options: MoveOptions = {}): Promise<FileStat> {
  const source = locate(context, from)
  try {
    const found = lookAt(source.file)
    if (found === undefined) throw new NexusError('not_found')
    requireMatch(context, source.file, options.ifMatch)
    if (from === to) return stat(context, to)
    refuseMove(context, source, { from, to, isDirectory: found.isDirectory() })
    const target = await locateForWrite(context, to)
    try {
      await context.attributes.mark()
      return await moveTo(context, { from, to, source, target }, options)
    } finally {
      target.directory.close()
    }
  } finally {
    source.directory.close()
  }
}

interface Move {
  readonly from: Path
  readonly to: Path
  readonly source: Place
  readonly target: Place
}

async function moveTo(context: PathContext, { to, source, target }: Move, options: MoveOptions): Promise<FileStat> {
  const conditional = options.ifMatch !== undefined || options.ifNoneMatch !== undefined
  const moved = await context.order.turn({ conditional, signal: options.signal }, () => {
    options.signal?.throwIfAborted()
    const found = lookAt(source.file)
    if (found === undefined) throw new NexusError('not_found')
    requireMatch(context, source.file, options.ifMatch)
    const replaced = lookAt(target.file)
    requireTarget(found, replaced, { to, ifNoneMatch: options.ifNoneMatch })
    if (options.ifNoneMatch !== undefined && !found.isDirectory()) linkNew(source.file, target.file)
    else renameSync(source.file, target.file)
    // Two names of one file: rename(2) leaves both, and so does a link that was just made.
    if (!found.isDirectory() && lookAt(source.file)?.ino === found.ino) unlinkSync(source.file)
    if (replaced?.nlink === 1n) context.attributes.remove(replaced)
    return statOf(context, to, target.file)
  })
  if (context.config.durability === 'fsync') {
    await syncDirectory(target.directory.self)
    await syncDirectory(source.directory.self)
  }
  return moved ?? stat(context, to)
}

function requireTarget(source: BigIntStats, target: BigIntStats | undefined, { to, ifNoneMatch }: { readonly to: Path; readonly ifNoneMatch: '*' | undefined }): void {
  if (target === undefined) return
  if (ifNoneMatch !== undefined) throw new NexusError('precondition_failed', { path: to, reason: 'Something is there already, and ifNoneMatch asks to replace nothing.' })
  if (target.isDirectory()) throw new NexusError('is_directory', { path: to, reason: 'A directory stands there; name the place inside it.' })
  if (source.isDirectory()) throw new NexusError('not_directory', { path: to, reason: 'A directory does not replace a file.' })
}

function refuseMove(context: PathContext, source: Place, { from, to, isDirectory }: { readonly from: Path; readonly to: Path; readonly isDirectory: boolean }): void {
  if (!isDirectory) return
  if (isWithin(to, from)) throw new NexusError('invalid_argument', { path: to, reason: 'It lies inside the directory, which would hold itself.' })
  const hidden = context.privatePaths.find((kept) => isWithin(kept, from))
  if (hidden !== undefined) throw new NexusError('permission_denied', { reason: `Nexus keeps its own state in "${hidden}", which stays where it is.` })
  const directory = enter(source.directory, source.name)
  try {
    if (!isRepository(directory)) return
    throw new NexusError('unsupported', { path: from, reason: 'It is a Nexus repository, which Nexus does not move as files.' })
  } finally {
    directory.close()
  }
}
