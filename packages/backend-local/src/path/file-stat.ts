import { type BigIntStats, lstatSync, readlinkSync } from 'node:fs'
import { type FileStat, type Metadata, NexusError, type Path } from '@nexus/core/contract'
import type { Attributes } from './attributes.ts'
import type { PathContext } from './context.ts'
import { errnoOf } from './errors.ts'
import { toSegment, type FileName } from './names.ts'

const executableBits = 0o111n
const permissionBits = 0o777n

/** @returns What lstat(2) says, with times in nanoseconds; `undefined` when nothing is there. */
export function lookAt(file: FileName): BigIntStats | undefined {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false })
}

/** The stat of what is at `file`, `undefined` when nothing is. A link is a file with its target in the metadata. */
export function statOf(context: PathContext, path: Path, file: FileName): FileStat | undefined {
  const stats = lookAt(file)
  if (stats === undefined) return undefined
  // Replaced by something else between the two looks: look again.
  if (stats.isSymbolicLink()) return linkStat(path, stats, file) ?? statOf(context, path, file)
  return toFileStat(path, stats, stats.isDirectory() ? undefined : context.attributes.find(stats))
}

/** A stat from what the operating system and the attributes say. */
export function toFileStat(path: Path, stats: BigIntStats, attributes: Attributes | undefined): FileStat {
  const times = { modifiedAt: toDate(stats.mtimeNs), ...(stats.birthtimeNs === 0n ? {} : { createdAt: toDate(stats.birthtimeNs) }) }
  if (stats.isDirectory()) return { path, kind: 'directory', ...times, metadata: {} }
  const executable = stats.isFile() && (stats.mode & executableBits) !== 0n
  const mode: Metadata = executable ? { mode: (stats.mode & permissionBits).toString(8) } : {}
  return {
    path,
    kind: 'file',
    sizeBytes: Number(stats.size),
    etag: toEtag(stats, attributes),
    ...times,
    ...(attributes?.contentType === undefined ? {} : { contentType: attributes.contentType }),
    metadata: { ...attributes?.metadata, ...mode },
  }
}

/** Opaque validator: inode, size, mtime and ctime in nanoseconds, and the revision of the attributes. */
export function toEtag(stats: BigIntStats, attributes: Attributes | undefined): string {
  const parts = [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].map((part) => part.toString(36))
  return attributes === undefined ? parts.join('-') : [...parts, attributes.revision].join('-')
}

/** The etag of what is at `file` now, `undefined` when nothing is or when it is a directory. */
export function etagAt(context: PathContext, file: FileName): string | undefined {
  const stats = lookAt(file)
  if (stats === undefined || stats.isDirectory()) return undefined
  return toEtag(stats, context.attributes.find(stats))
}

/** @throws NexusError `precondition_failed` when `ifMatch` is given and is not the etag of what is at `file` now */
export function requireMatch(context: PathContext, file: FileName, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && etagAt(context, file) !== ifMatch) throw new NexusError('precondition_failed')
}

function linkStat(path: Path, stats: BigIntStats, file: FileName): FileStat | undefined {
  try {
    const target = readlinkSync(file, 'buffer')
    // A target is a path of the operating system; shown segment by segment as names are.
    const text = target.toString('latin1').split('/').map((part) => shownTarget(Buffer.from(part, 'latin1'))).join('/')
    return { ...toFileStat(path, stats, undefined), metadata: { symlink: text } }
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function shownTarget(part: Buffer): string {
  const text = part.toString()
  return Buffer.from(text).equals(part) ? text : toSegment(part)
}

function toDate(nanoseconds: bigint): Date {
  return new Date(Number(nanoseconds / 1_000_000n))
}
