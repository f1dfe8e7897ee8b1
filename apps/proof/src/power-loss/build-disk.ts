import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../model/random.ts'
import type { DiskEvent, Inode, Target } from './disk-log.ts'

/** What becomes of changes that were not synced: none reaches the disk, all do, each by chance (so later ones without earlier), or sectors of them. */
export type Fate = 'dropped' | 'kept' | 'mixed' | 'torn'

const sectorBytes = 512

interface Cut {
  readonly events: readonly DiskEvent[]
  /** Events before this one had happened when the power went. */
  readonly at: number
  /** The directory that was recorded. */
  readonly source: string
  readonly fate: Fate
  readonly random: Random
}

/** Builds below `target` what a disk could hold after a power cut. */
export function buildDisk(target: string, cut: Cut): void {
  const synced = new Map<Inode | string, number>()
  for (const event of cut.events.slice(0, cut.at)) if (event.kind === 'sync') synced.set(event.of, Math.max(synced.get(event.of) ?? 0, event.upTo))
  const files = new Map<Inode, Uint8Array>()
  const directories = new Map<string, Map<string, Target>>()
  for (const [number, event] of cut.events.slice(0, cut.at).entries()) {
    if (event.kind === 'sync') continue
    const of = event.kind === 'entries' ? event.directory : event.inode
    apply(event, { files, directories, isSynced: number < (synced.get(of) ?? 0), cut })
  }
  writeDirectory(target, cut.source, { files, directories })
}

interface State {
  readonly files: Map<Inode, Uint8Array>
  readonly directories: Map<string, Map<string, Target>>
}

function apply(event: Exclude<DiskEvent, { kind: 'sync' }>, { files, directories, isSynced, cut }: State & { readonly isSynced: boolean; readonly cut: Cut }): void {
  const { fate, random } = cut
  const isKept = isSynced || fate === 'kept' || (fate !== 'dropped' && random.chance(0.5))
  const isTorn = !isSynced && fate === 'torn' && event.kind === 'data'
  if (!isKept && !isTorn) return
  if (event.kind === 'entries') {
    const names = directories.get(event.directory) ?? new Map<string, Target>()
    directories.set(event.directory, names)
    for (const [name, target] of event.changes) names.set(name, target)
    return
  }
  const before = files.get(event.inode) ?? new Uint8Array()
  files.set(event.inode, event.kind === 'truncate' ? resized(before, event.length) : written(before, event, (): boolean => !isTorn || random.chance(0.5)))
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const after = new Uint8Array(length)
  after.set(bytes.subarray(0, length))
  return after
}

/** Sector by sector of the file, for those that `takes` lets through. */
function written(before: Uint8Array, { offset, bytes }: Extract<DiskEvent, { kind: 'data' }>, takes: () => boolean): Uint8Array {
  const after = offset + bytes.length > before.length ? resized(before, offset + bytes.length) : before
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes))
    if (takes()) after.set(bytes.subarray(at, end), offset + at)
    at = end
  }
  return after
}

function writeDirectory(target: string, source: string, state: State): void {
  mkdirSync(target, { recursive: true })
  for (const [name, what] of state.directories.get(source) ?? []) {
    if (what === undefined) continue
    if (what === 'directory') writeDirectory(join(target, name), `${source}/${name}`, state)
    else writeFileSync(join(target, name), state.files.get(what.inode) ?? new Uint8Array())
  }
}
