import { readdir } from 'node:fs/promises'
import { compareUtf8, isWithin, joinPath, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import type { HeldDirectory } from './directory.ts'
import { type FileName, isOwnName, toSegment } from './names.ts'

/** One name of a directory, as it was when the directory was read. */
export interface DirectoryEntry {
  /** As it is shown. */
  readonly segment: string
  readonly name: FileName
  readonly isDirectory: boolean
  /** What it is ordered by: a directory as `name/`. */
  readonly key: string
}

/** The names in a directory that may be shown, in the order of a listing; memory grows with this one directory. */
export async function readDirectory(context: PathContext, path: Path, directory: HeldDirectory): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = []
  const isRoot = path === '/'
  for (const { name, isDirectory } of await readNames(directory)) {
    const segment = toSegment(name)
    if (isOwnName(segment, isRoot ? 0 : 1) || isPrivate(context, path, segment)) continue
    entries.push({ segment, name, isDirectory, key: isDirectory ? `${segment}/` : segment })
  }
  return entries.sort((left, right) => compareUtf8(left.key, right.key))
}

/** Every name in a directory, hidden ones too, in no order. */
export async function readNames(directory: HeldDirectory): Promise<{ readonly name: FileName; readonly isDirectory: boolean }[]> {
  const found = await readdir(directory.self, { withFileTypes: true })
  // U+FFFD: at least one name is no UTF-8, so that only its bytes lead to it. Reading bytes first would cost every listing.
  if (!found.some(({ name }) => name.includes('\uFFFD'))) return found.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
  const raw = await readdir(directory.self, { withFileTypes: true, encoding: 'buffer' })
  return raw.map((entry) => ({ name: toFileName(entry.name), isDirectory: entry.isDirectory() }))
}

function toFileName(raw: Buffer): FileName {
  const text = raw.toString()
  return Buffer.from(text).equals(raw) ? text : raw
}

function isPrivate(context: PathContext, path: Path, segment: string): boolean {
  return context.privatePaths.length > 0 && context.privatePaths.some((hidden) => isWithin(joinPath(path, segment), hidden))
}
