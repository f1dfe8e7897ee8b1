import { type FSWatcher, watch } from 'node:fs'
import { joinPath, NexusError, type Path } from '@nexus/core/contract'
import type { PathContext } from './context.ts'
import type { HeldDirectory } from './directory.ts'
import { errnoOf } from './errors.ts'
import { openDirectory } from './locate.ts'
import { isOwnName, toSegment } from './names.ts'

/** A set of directories under watch. It tells only where to look; what happened there, whoever looks finds out. */
export interface TreeWatch {
  /** Watches a directory; twice is once. @throws errno, and NexusError when it is none */
  readonly add: (path: Path) => void
  /** Forgets a directory and those below it. */
  readonly remove: (path: Path) => void
  /** Directories in which something happened since the last call, with the names; waits until there is one, or the signal is aborted. */
  readonly next: () => Promise<ReadonlyMap<Path, ReadonlySet<string>>>
  readonly close: () => void
}

function watchDirectory(directory: HeldDirectory, onChange: (name: Buffer | null) => void): FSWatcher {
  try {
    return watch(directory.self, { encoding: 'buffer' }, (_event, name) => onChange(name))
  } catch (error) {
    // inotify_add_watch(2): not the disk is full.
    if (errnoOf(error) !== 'ENOSPC') throw error
    throw new NexusError('busy', { reason: 'The operating system watches no more directories; raise fs.inotify.max_user_watches, or watch less.', cause: error })
  }
}

/** Watches through the operating system, one directory each. @param signal Ends the waiting. */
export function watchTree(context: PathContext, signal: AbortSignal | undefined): TreeWatch {
  const watchers = new Map<Path, FSWatcher>()
  let touched = new Map<Path, Set<string>>()
  let wake = Promise.withResolvers<undefined>()
  const touch = (path: Path, name: Buffer | null): void => {
    const names = touched.get(path) ?? new Set()
    const segment = name === null ? undefined : toSegment(name)
    if (segment !== undefined && !isOwnName(segment, path === '/' ? 0 : 1)) names.add(segment)
    touched.set(path, names)
    wake.resolve(undefined)
  }
  const onAbort = (): void => wake.resolve(undefined)
  signal?.addEventListener('abort', onAbort, { once: true })

  const add = (path: Path): void => {
    if (watchers.has(path)) return
    const directory = openDirectory(context, path)
    try {
      // The watch belongs to the directory itself: it stays when the descriptor goes.
      const watcher = watchDirectory(directory, (name) => touch(path, name))
      watcher.on('error', () => touch(path, null))
      watchers.set(path, watcher)
    } finally {
      directory.close()
    }
  }
  const remove = (path: Path): void => {
    for (const [watched, watcher] of watchers) {
      if (watched !== path && !watched.startsWith(joinPath(path, ''))) continue
      watcher.close()
      watchers.delete(watched)
    }
  }
  const next = async (): Promise<ReadonlyMap<Path, ReadonlySet<string>>> => {
    if (touched.size === 0 && signal?.aborted !== true) await wake.promise
    wake = Promise.withResolvers<undefined>()
    const taken = touched
    touched = new Map()
    return taken
  }
  const close = (): void => {
    signal?.removeEventListener('abort', onAbort)
    watchers.forEach((watcher) => watcher.close())
    watchers.clear()
  }
  return { add, remove, next, close }
}
