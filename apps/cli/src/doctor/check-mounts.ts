import { accessSync, constants, statfsSync } from 'node:fs'
import { type Capabilities, isNexusError, readMounts, type RememberedMount } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { localDirectory, probeMount } from '../mounts/probe-mount.ts'

/** What `doctor` found at one mount. */
export interface MountReport {
  readonly mountPoint: string
  readonly uri: string
  readonly layout?: 'cas' | 'path' | undefined
  readonly writable: boolean
  /** Of the disk that holds it, where that is this machine's. */
  readonly freeBytes?: number | undefined
  /** What it can do, in words. */
  readonly capabilities: readonly string[]
  readonly problem?: string | undefined
}

const lowSpaceBytes = 64 * 1024 * 1024

/** Opens every remembered mount and looks at it; none when `mounts.json` cannot be read, which is reported on its own. */
export async function checkMounts(cli: Cli): Promise<MountReport[]> {
  const reports: MountReport[] = []
  for (const remembered of await readableMounts()) reports.push(await checkMount(cli, remembered))
  return reports
}

async function readableMounts(): Promise<readonly RememberedMount[]> {
  try {
    return await readMounts()
  } catch (error) {
    if (!isNexusError(error)) throw error
    return []
  }
}

async function checkMount(cli: Cli, remembered: RememberedMount): Promise<MountReport> {
  const { mountPoint, uri } = remembered
  const { info, error } = await probeMount(cli, remembered)
  const disk = diskOf(localDirectory(remembered))
  if (info === undefined) return { mountPoint, uri, writable: false, freeBytes: disk.freeBytes, capabilities: [], problem: error?.reason ?? 'It vanished while it was looked at.' }
  const writable = !info.readonly && !info.capabilities.readonly && disk.isWritable
  return { mountPoint, uri, layout: info.layout, writable, freeBytes: disk.freeBytes, capabilities: inWords(info.capabilities), problem: problemOf(disk, info.readonly) }
}

interface Disk {
  readonly isWritable: boolean
  readonly freeBytes?: number | undefined
}

function diskOf(directory: string | undefined): Disk {
  if (directory === undefined) return { isWritable: true }
  try {
    const { bavail, bsize } = statfsSync(directory)
    return { isWritable: isWritable(directory), freeBytes: bavail * bsize }
  } catch (error) {
    // A directory that is not there yet: what to say of it is the mount's own answer.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { isWritable: true }
    throw error
  }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

function problemOf({ isWritable: canWrite, freeBytes }: Disk, isReadonly: boolean): string | undefined {
  if (!isReadonly && !canWrite) return 'Its directory cannot be written; mount it with --readonly if that is meant so.'
  return !isReadonly && freeBytes !== undefined && freeBytes < lowSpaceBytes ? 'The disk is nearly full.' : undefined
}

function inWords(capabilities: Capabilities): string[] {
  const { ifMatch, directoryRename, copy, batch, versions, snapshots, changes, metadata } = capabilities
  const words: Readonly<Record<string, boolean>> = {
    'conditional writes': ifMatch !== false,
    'atomic directory rename': directoryRename === 'atomic',
    'copies without moving bytes': copy === 'server',
    batches: batch,
    versions,
    snapshots,
    'resumable changes': changes === 'resumable',
    metadata,
  }
  return Object.keys(words).filter((word) => words[word] === true)
}
