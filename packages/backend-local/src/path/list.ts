import { setImmediate } from 'node:timers/promises'
import { compareUtf8, type Entry, joinPath, type ListOptions, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import { errnoOf } from './errors.ts'
import { statOf } from './file-stat.ts'
import { openDirectory } from './locate.ts'
import { isRepository } from './nested.ts'
import { type DirectoryEntry, readDirectory } from './read-directory.ts'
import { refuseVersions, stat } from './stat.ts'

/** So many entries are looked at with the directory open; then it is closed, and the loop and other calls get their turn. */
const pageEntries = 256

/** Entries by UTF-8 bytes, a directory as `name/`, with full stats; recursive in the order of the whole keys. */
export async function* list(context: PathContext, path: Path, options: ListOptions = {}): AsyncGenerator<Entry> {
  refuseVersions(options)
  const limit = checkLimit(options.limit)
  const after = await readStart(context, path, options.startAfter)
  if (limit === 0) return
  let count = 0
  for await (const page of walk(context, { path, after, recursive: options.recursive === true, isStart: true, signal: options.signal })) {
    for (const entry of page) {
      yield entry
      options.signal?.throwIfAborted()
      if (++count >= limit) return
    }
  }
}

function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return Infinity
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  throw new NexusError('invalid_argument', { reason: 'A limit is a whole number from 0 on.' })
}

/** Checks the place, and gives the key to resume after: the name of a directory may come without its slash. */
async function readStart(context: PathContext, path: Path, startAfter = ''): Promise<string> {
  const given = startAfter.normalize('NFC')
  // The checks are synchronous; without this await the first step of the iteration would be, too.
  const { kind } = await Promise.resolve(stat(context, path))
  if (kind === 'file') throw new NexusError('not_directory')
  if (given === '' || given.endsWith('/')) return given
  return isDirectory(context, joinPath(path, given)) ? `${given}/` : given
}

function isDirectory(context: PathContext, path: Path): boolean {
  try {
    return stat(context, path).kind === 'directory'
  } catch (error) {
    // Whatever makes it no directory to us, it is none to resume after.
    if (error instanceof NexusError || errnoOf(error) !== undefined) return false
    throw error
  }
}

interface Walk {
  readonly path: Path
  /** Key below `path` to resume after. */
  readonly after: string
  readonly recursive: boolean
  /** What was asked for must be there; what was found on the way may go meanwhile. */
  readonly isStart: boolean
  readonly signal: AbortSignal | undefined
}

async function* walk(context: PathContext, { path, after, recursive, isStart, signal }: Walk): AsyncGenerator<Entry[]> {
  const entries = await readEntries(context, path, isStart)
  let page: Entry[] = []
  for (let at = 0; at < entries.length; at += pageEntries) {
    if (at > 0) await setImmediate()
    signal?.throwIfAborted()
    for (const { entry, found } of lookAtPage(context, path, entries.slice(at, at + pageEntries))) {
      if (compareUtf8(entry.key, after) > 0) page.push(found)
      if (!recursive || !entry.isDirectory || !mayHoldMore(entry, after)) continue
      yield page
      page = []
      const rest = after.startsWith(entry.key) ? after.slice(entry.key.length) : ''
      yield* walk(context, { path: found.path, after: rest, recursive, isStart: false, signal })
    }
    yield page
    page = []
  }
}

function mayHoldMore({ key }: DirectoryEntry, after: string): boolean {
  return compareUtf8(key, after) > 0 || after.startsWith(key)
}

async function readEntries(context: PathContext, path: Path, isStart: boolean): Promise<DirectoryEntry[]> {
  try {
    if (path === '/' && context.root.hold() === undefined) return []
    const directory = openDirectory(context, path)
    try {
      // A repository inside the tree is one closed directory.
      return path !== '/' && isRepository(directory) ? [] : await readDirectory(context, path, directory)
    } finally {
      directory.close()
    }
  } catch (error) {
    if (!isStart && isGone(error)) return []
    throw error
  }
}

function isGone(error: unknown): boolean {
  if (error instanceof NexusError) return ['not_found', 'not_directory', 'unsupported'].includes(error.code)
  return errnoOf(error) === 'ENOENT'
}

/** Full stats of some names; what went meanwhile, or became another kind, is left out. */
function lookAtPage(context: PathContext, path: Path, entries: readonly DirectoryEntry[]): { readonly entry: DirectoryEntry; readonly found: Entry & { path: Path } }[] {
  let directory
  try {
    directory = openDirectory(context, path)
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
  try {
    return entries.flatMap((entry) => {
      const found = statOf(context, joinPath(path, entry.segment), directory.child(entry.name))
      return found === undefined || (found.kind === 'directory') !== entry.isDirectory ? [] : [{ entry, found: { ...found, name: entry.segment } }]
    })
  } finally {
    directory.close()
  }
}
