import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Durability, NexusError } from '@nexus/core/contract'
import { type HeldDirectory, holdRoot, keepOpen } from './directory.ts'
import { syncDirectory } from './sync-disk.ts'

/** The directory that a mount starts from: opened once, and again only when somebody removed it. */
export interface Root {
  /** Absolute path on this machine. */
  readonly path: string
  /** The directory, `undefined` while nothing is there; it stays open until `close`, its own `close` does nothing. */
  readonly hold: () => HeldDirectory | undefined
  /** The same, made with its missing parents where nothing is there. */
  readonly make: () => Promise<HeldDirectory>
  readonly close: () => void
}

/** @throws NexusError `invalid_config` when something other than a directory is there */
export function openRoot(path: string, durability: Durability): Root {
  const kept = keepOpen(() => {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    if (!found.isDirectory()) throw new NexusError('invalid_config', { reason: `"${path}" is a file; a local mount starts from a directory.` })
    return holdRoot(path)
  })
  const make = async (): Promise<HeldDirectory> => {
    const held = kept.hold()
    if (held !== undefined) return held
    const first = mkdirSync(path, { recursive: true })
    if (durability === 'fsync' && first !== undefined) await syncAbove(path, dirname(first))
    return kept.hold() ?? fail(path)
  }
  kept.hold()
  return { path, hold: kept.hold, make, close: kept.close }
}

/** Makes the names of new directories durable, from the innermost to the one that was there before. */
async function syncAbove(path: string, existing: string): Promise<void> {
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    await syncDirectory(parent)
    if (parent === existing) return
  }
}

function fail(path: string): never {
  throw new NexusError('busy', { reason: `"${path}" was removed while it was made; try again.` })
}
