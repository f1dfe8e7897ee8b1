import { accessSync, constants, statfsSync } from 'node:fs'
import { type Capabilities, type CredentialPlace, type Diagnosis, isNexusError, NexusError, parseUri, readMounts, type RememberedMount, rememberedSource } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { parseNexusOperand } from '../paths/operand.ts'
import { diagnoseStorage } from '../with-local.ts'
import { type LifecycleWarning, lifecycleWarnings } from './lifecycle-warnings.ts'
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
  /** Where its backend looked for credentials, in order; absent where it has no use for any. */
  readonly credentials?: readonly CredentialPlace[] | undefined
  /** What its service does by itself to what is stored. */
  readonly lifecycle?: readonly LifecycleWarning[] | undefined
}

const lowSpaceBytes = 64 * 1024 * 1024

/**
 * Opens mounts and looks at them: those that are named by URI or mount point, else every remembered one; none of these when `mounts.json` cannot be
 * read, which is reported on its own.
 * @throws NexusError `mount_not_found`, `invalid_config` (URI), `invalid_path`
 */
export async function checkMounts(cli: Cli, named: readonly string[] = []): Promise<MountReport[]> {
  const remembered = await readableMounts()
  const wanted = named.length === 0 ? remembered : named.map((operand) => findMount(operand, { remembered, cwd: cli.workingDirectory }))
  const reports: MountReport[] = []
  for (const mount of wanted) reports.push(await checkMount(cli, mount))
  return reports
}

function findMount(operand: string, { remembered, cwd }: { readonly remembered: readonly RememberedMount[]; readonly cwd: string }): RememberedMount {
  const named = parseNexusOperand(operand)
  if (named.kind === 'uri') {
    const { mountPoint, uri } = parseUri(named.uri, { cwd })
    return { mountPoint, uri }
  }
  const { path } = named
  const found = remembered.find(({ mountPoint }) => mountPoint === path)
  if (found === undefined) throw new NexusError('mount_not_found', { op: 'doctor', path, reason: 'Nothing is mounted there; `nexus-fs mounts list` shows what is.' })
  return found
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
  const diagnosis = await diagnose(cli, remembered)
  const { info, error } = await probeMount(cli, remembered)
  const disk = diskOf(localDirectory(remembered))
  const cloud = { credentials: diagnosis?.credentials, lifecycle: diagnosis && lifecycleOf(diagnosis, info?.layout) }
  if (info === undefined) return { mountPoint, uri, writable: false, freeBytes: disk.freeBytes, capabilities: [], problem: error?.reason ?? 'It vanished while it was looked at.', ...cloud }
  const writable = !info.readonly && !info.capabilities.readonly && disk.isWritable
  return { mountPoint, uri, layout: info.layout, writable, freeBytes: disk.freeBytes, capabilities: inWords(info.capabilities), problem: problemOf(disk, info.readonly), ...cloud }
}

/** Where credentials are missing, that is all there is to say. */
function lifecycleOf({ credentials, rules }: Diagnosis, layout: MountReport['layout']): LifecycleWarning[] {
  const isLocked = credentials.length > 0 && credentials.every(({ problem }) => problem !== undefined)
  return isLocked ? [] : lifecycleWarnings(rules, layout)
}

async function diagnose({ signal }: Cli, remembered: RememberedMount): Promise<Diagnosis | undefined> {
  try {
    return await diagnoseStorage(rememberedSource(remembered), { signal })
  } catch (error) {
    // Opening the mount fails in the same way, and that is reported.
    if (isNexusError(error)) return undefined
    throw error
  }
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
