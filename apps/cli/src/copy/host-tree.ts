import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { encodeSegment, joinPath, type Path } from '@nexus/core/contract'
import { isGone, toHostError } from './host-error.ts'

/** Something below a directory of this machine. Names are bytes: they need not be text. */
export interface HostEntry {
  readonly hostPath: Buffer
  /** Where it belongs below the target. */
  readonly path: Path
  readonly kind: 'file' | 'emptyDirectory' | 'link' | 'special' | 'unreadable'
  /** Why a directory could not be read. */
  readonly error?: unknown
}

const slash = Buffer.from('/')

/**
 * Everything below a directory, ordered by the bytes of names; directories only where nothing is in them. Links are never followed.
 * @param excluded A directory that is left out with all below it.
 */
export async function* hostTree(directory: Buffer, path: Path, excluded?: Buffer): AsyncGenerator<HostEntry> {
  yield* below(directory, path, { excluded, isRoot: true })
}

async function* below(directory: Buffer, path: Path, { excluded, isRoot }: { readonly excluded: Buffer | undefined; readonly isRoot: boolean }): AsyncGenerator<HostEntry> {
  if (excluded?.equals(directory) === true) return
  let entries: Dirent<Buffer>[]
  try {
    entries = await readdir(directory, { encoding: 'buffer', withFileTypes: true })
  } catch (error) {
    if (isGone(error) && !isRoot) return
    yield { hostPath: directory, path, kind: 'unreadable', error: toHostError(error, directory) }
    return
  }
  if (entries.length === 0) yield { hostPath: directory, path, kind: 'emptyDirectory' }
  for (const entry of entries.sort((left, right) => left.name.compare(right.name))) {
    const hostPath = Buffer.concat([directory, slash, entry.name])
    const target = joinPath(path, encodeSegment(entry.name))
    if (entry.isDirectory()) yield* below(hostPath, target, { excluded, isRoot: false })
    else yield { hostPath, path: target, kind: kindOf(entry) }
  }
}

function kindOf(entry: Dirent<Buffer>): HostEntry['kind'] {
  if (entry.isSymbolicLink()) return 'link'
  return entry.isFile() ? 'file' : 'special'
}
