import { closeSync, constants, existsSync, fstatSync, openSync, rmSync, type BigIntStats } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { type FileStat, type MoveOptions, NexusError, type Path } from '@nexus/core/contract'
import type { Attributes } from './attributes.ts'
import type { PathContext } from './context.ts'
import { requireMatch, toEtag } from './file-stat.ts'
import { locate, openNearest, type Place } from './locate.ts'
import { type Staged, stagedAs } from './publish.ts'
import type { FileName } from './names.ts'
import { openRegular } from './read.ts'
import { stat } from './stat.ts'
import { publishAt, statUnlessAbsent } from './write.ts'

const permissionBits = 0o777n

/** Copies a file inside the operating system, which shares the blocks where it can, with content type, metadata and mode. */
export async function copy(context: PathContext, from: Path, to: Path, options: MoveOptions = {}): Promise<FileStat> {
  const source = locate(context, from)
  try {
    const { descriptor, stats } = openRegular(source, constants.O_RDONLY)
    try {
      requireMatch(context, source.file, options.ifMatch)
      if (from === to) return stat(context, to)
      return await copyOpened(context, { source, descriptor, stats, to }, options)
    } finally {
      closeSync(descriptor)
    }
  } finally {
    source.directory.close()
  }
}

interface Source {
  readonly source: Place
  readonly descriptor: number
  readonly stats: BigIntStats
  readonly to: Path
}

async function copyOpened(context: PathContext, { source, descriptor, stats, to }: Source, options: MoveOptions): Promise<FileStat> {
  if (to === '/') throw new NexusError('is_directory', { path: to, reason: 'It is the root of the mount; name a file below it.' })
  const nearest = await openNearest(context, to)
  try {
    await context.attributes.mark()
    await context.temporaries.sweep(nearest)
    refuseTarget(context, to, options)
    const attributes = newRevision(context, context.attributes.find(stats))
    const staged = await stageCopy(openedPath(descriptor, source), nearest.child(context.temporaries.newName()))
    try {
      requireUnchanged(descriptor, stats)
      const check = options.ifMatch === undefined ? undefined : (): void => requireMatch(context, source.file, options.ifMatch)
      const mode = Number(stats.mode & permissionBits)
      return await publishAt(context, staged, { path: to, attributes, mode, check, ifNoneMatch: options.ifNoneMatch, signal: options.signal })
    } finally {
      staged.discard()
    }
  } finally {
    nearest.close()
  }
}

async function stageCopy(from: FileName, temporary: FileName): Promise<Staged> {
  try {
    await copyFile(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    return stagedAs(temporary, openSync(temporary, constants.O_RDWR | constants.O_NOFOLLOW))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** copyFile takes a path and would follow a link that has just taken the file's place; the descriptor's own path leads to what we looked at. */
function openedPath(descriptor: number, source: Place): string | Buffer {
  const path = `/proc/self/fd/${descriptor}`
  return process.platform === 'linux' && existsSync(path) ? path : source.file
}

function refuseTarget(context: PathContext, to: Path, { ifNoneMatch }: MoveOptions): void {
  const found = statUnlessAbsent(context, to)
  if (found === undefined) return
  if (ifNoneMatch !== undefined) throw new NexusError('precondition_failed', { path: to, reason: 'Something is there already, and ifNoneMatch asks to replace nothing.' })
  if (found.isDirectory()) throw new NexusError('is_directory', { path: to, reason: 'A directory stands there; name the place inside it.' })
}

/** A stranger may write into the file while it is copied; half of each is no copy. */
function requireUnchanged(descriptor: number, before: BigIntStats): void {
  if (toEtag(fstatSync(descriptor, { bigint: true }), undefined) === toEtag(before, undefined)) return
  throw new NexusError('busy', { reason: 'The file was changed while it was copied; copy it again.' })
}

function newRevision(context: PathContext, attributes: Attributes | undefined): Attributes | undefined {
  return attributes === undefined ? undefined : { ...attributes, revision: Buffer.from(context.random(new Uint8Array(6))).toString('hex') }
}
