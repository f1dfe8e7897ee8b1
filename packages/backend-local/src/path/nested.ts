import { closeSync, constants, lstatSync, openSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { NexusError } from '@nexus/core/contract'
import type { HeldDirectory } from './directory.ts'
import type { FileName } from './names.ts'

/** A descriptor is a page of JSON; what is longer is somebody else's file. */
const maxDescriptorBytes = 65_536

/** Whether a Nexus repository lives in the directory: a `nexus.json` with our marker stands in it. */
export function isRepository(directory: HeldDirectory): boolean {
  return isDescriptor(directory.child('nexus.json'))
}

/**
 * Whether the file at `path` is the descriptor of a repository. Somebody else's `nexus.json` is not, whatever is in it.
 * @throws errno of open(2) and read(2)
 */
export function isDescriptor(path: FileName): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile() || stats.size === 0 || stats.size > maxDescriptorBytes) return false
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    return hasMarker(readFileSync(descriptor, 'utf8'))
  } finally {
    closeSync(descriptor)
  }
}

/** The nearest repository that holds `path` or is it, `undefined` when there is none. */
export function findRepositoryAbove(path: string): string | undefined {
  for (let directory = path; ; directory = dirname(directory)) {
    if (isReadableDescriptor(join(directory, 'nexus.json'))) return directory
    if (directory === dirname(directory)) return undefined
  }
}

/** Whether `path` is `directory` or lies below it; both absolute. */
export function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way))
}

/** What is refused below a repository that lies in a tree. */
export function insideRepository(name: FileName): NexusError {
  const reason = `"${name.toString()}" is a Nexus repository of its own and is shown as one closed directory; mount it to use what is in it.`
  return new NexusError('unsupported', { reason })
}

/** Directories above a mount may be closed to us; a repository that we cannot read is none of ours. */
function isReadableDescriptor(path: string): boolean {
  try {
    return isDescriptor(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'ENOENT' || error.code === 'ENOTDIR')) return false
    throw error
  }
}

function hasMarker(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'marker' in value && value.marker === 'nexus-repository'
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
