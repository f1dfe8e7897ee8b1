import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, statSync } from 'node:fs'
import { NexusError } from '@nexus/core/contract'
import { errnoOf } from './errors.ts'
import { type FileName, joinName } from './names.ts'

/**
 * A directory, held while a call works in it. On Linux it is an open descriptor, and `child` leads through `/proc/self/fd`, so that
 * nobody who swaps a parent for a symbolic link meanwhile leads the call elsewhere. Without /proc it is a path whose parts were
 * looked at one by one: links are refused there too, but a swap between look and use is not seen.
 */
export interface HeldDirectory {
  /** A path for `node:fs` to the entry of that name; the name must be checked (`toFileNames`). */
  readonly child: (name: FileName) => FileName
  /** A path for `node:fs` to the directory itself, ending in `/`. */
  readonly self: FileName
  /** Device and inode, the same for every way that leads here. */
  readonly id: () => string
  readonly close: () => void
}

/** O_PATH of every architecture that Node has binaries for; `node:fs` does not name it. Searching needs no permission to read. */
const openPath = 0o10000000
const hasProc = process.platform === 'linux' && existsSync('/proc/self/fd')

/** Opens the directory that a mount starts from; links above and at it are the owner's affair. @throws errno of open(2) or stat(2) */
export function holdRoot(path: string): HeldDirectory {
  if (!hasProc) return holdByPath(path.endsWith('/') ? path : `${path}/`)
  return holdDescriptor(openSync(path, openPath | constants.O_DIRECTORY))
}

/**
 * Opens a directory in another one.
 * @throws errno of open(2), and NexusError `not_directory` for a file, `unsupported` for a symbolic link
 */
export function enter(parent: HeldDirectory, name: FileName): HeldDirectory {
  const path = parent.child(name)
  if (!hasProc) {
    if (!lstatSync(path).isDirectory()) refuse(path, name)
    return holdByPath(joinName(path, '/'))
  }
  try {
    return holdDescriptor(openSync(path, openPath | constants.O_DIRECTORY | constants.O_NOFOLLOW))
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') refuse(path, name)
    throw error
  }
}

/** A directory that many calls use: opened once, and again when somebody removed it. */
export interface KeptDirectory {
  /** `undefined` while nothing is there. Its own `close` does nothing. */
  readonly hold: () => HeldDirectory | undefined
  readonly close: () => void
}

/** Keeps what `open` gives until `close`. */
export function keepOpen(open: () => HeldDirectory | undefined): KeptDirectory {
  // Descriptors of removed directories stay open until the end: a call that still uses one must never find another file under its number.
  const opened: HeldDirectory[] = []
  let current: HeldDirectory | undefined
  const hold = (): HeldDirectory | undefined => {
    if (current !== undefined && isAlive(current)) return current
    const held = open()
    if (held !== undefined) opened.push(held)
    return (current = held === undefined ? undefined : { ...held, close: () => undefined })
  }
  return { hold, close: () => opened.splice(0).forEach((held) => held.close()) }
}

function isAlive(directory: HeldDirectory): boolean {
  const stats = statSync(directory.self, { throwIfNoEntry: false })
  return stats !== undefined && stats.nlink !== 0
}

function holdDescriptor(descriptor: number): HeldDirectory {
  const prefix = `/proc/self/fd/${descriptor}/`
  return {
    child: (name) => joinName(prefix, name),
    self: prefix,
    id: () => identify(fstatSync(descriptor, { bigint: true })),
    close: () => closeSync(descriptor),
  }
}

function holdByPath(prefix: FileName): HeldDirectory {
  return { child: (name) => joinName(prefix, name), self: prefix, id: () => identify(lstatSync(prefix, { bigint: true })), close: () => undefined }
}

function identify({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`
}

function refuse(path: FileName, name: FileName): never {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  const shown = `"${name.toString()}"`
  if (isLink) throw new NexusError('unsupported', { reason: `${shown} on the way is a symbolic link, and links are never followed; mount its target instead.` })
  throw new NexusError('not_directory', { reason: `${shown} is a file; nothing is below it.` })
}
