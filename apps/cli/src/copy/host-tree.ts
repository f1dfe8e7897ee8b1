import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { encodeSegment, joinPath, type Path } from '@nexus/core/contract'
import { toHostError } from './host-error.ts'

/** Something below a directory of this machine. Names are bytes: they need not be text. */
export interface HostEntry {
  readonly hostPath: Buffer
  /** Where it belongs below the target. */
  readonly path: Path
  readonly kind: 'file' | 'emptyDirectory' | 'link' | 'special' | 'unreadable'
  readonly sizeBytes: number
  /** Why a directory could not be read. */
  readonly error?: unknown
}

const slash = Buffer.from('/')

/**
 * Everything below a directory, ordered by the bytes of names; directories only where nothing is in them. Links are never followed.
 * @param excluded A directory that is left out with all below it.
 */
export async function* hostTree(directory: Buffer, path: Path, excluded?: Buffer): AsyncGenerator<HostEntry> {
  if (excluded?.equals(directory) === true) return
  let names: Buffer[]
  try {
    names = await readdir(directory, { encoding: 'buffer' })
  } catch (error) {
    yield { hostPath: directory, path, kind: 'unreadable', sizeBytes: 0, error: toHostError(error, directory) }
    return
  }
  if (names.length === 0) yield { hostPath: directory, path, kind: 'emptyDirectory', sizeBytes: 0 }
  for (const name of names.sort((left, right) => left.compare(right))) {
    const hostPath = Buffer.concat([directory, slash, name])
    const below = joinPath(path, encodeSegment(name))
    const stat = await statOrGone(hostPath)
    if (stat === undefined) continue
    if (stat.isDirectory()) yield* hostTree(hostPath, below, excluded)
    else yield { hostPath, path: below, kind: kindOf(stat), sizeBytes: stat.size }
  }
}

function kindOf(stat: Stats): HostEntry['kind'] {
  if (stat.isSymbolicLink()) return 'link'
  return stat.isFile() ? 'file' : 'special'
}

/** What vanished since it was listed is no failure. */
async function statOrGone(hostPath: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(hostPath)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw toHostError(error, hostPath)
  }
}
