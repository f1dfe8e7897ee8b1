import { accessSync, constants, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { readMounts, stateDirectory, type UnfinishedMove, unfinishedMoves } from '@nexus/core'
import { isNexusError } from '@nexus/core/contract'

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** What was found, in words. */
  readonly told: string
}

const [neededMajor, neededMinor] = [22, 14]
const maxClockSkewMs = 5000

/** Looks at Node, the state directory, moves that were broken off, and the clock. */
export async function checkMachine(): Promise<Check[]> {
  const directory = stateDirectory()
  return [checkNode(process.versions.node), { name: 'platform', ok: true, told: `${process.platform} ${process.arch}` }, checkStateDirectory(directory), await checkMountsFile(), await checkMoves(), checkClock(directory)]
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const ok = major > neededMajor || (major === neededMajor && minor >= neededMinor)
  return { name: 'node', ok, told: ok ? version : `${version}; Nexus needs ${neededMajor}.${neededMinor} or later` }
}

/** A state directory that is not there yet is made by the first mount: then what holds it must be writable. */
function checkStateDirectory(directory: string): Check {
  const existing = nearestExisting(directory)
  const missing = existing === directory ? '' : ' (not made yet)'
  try {
    accessSync(existing, constants.W_OK)
    return { name: 'state directory', ok: true, told: `${directory}${missing}` }
  } catch (error) {
    return { name: 'state directory', ok: false, told: `${existing} cannot be written (${codeOf(error)}); set NEXUS_FS_STATE_DIR` }
  }
}

async function checkMountsFile(): Promise<Check> {
  try {
    const count = (await readMounts()).length
    return { name: 'mounts.json', ok: true, told: `${count} remembered` }
  } catch (error) {
    if (!isNexusError(error)) throw error
    return { name: 'mounts.json', ok: false, told: error.reason }
  }
}

/** Moves between mounts that nobody is at any more, with both copies standing until they are gone on with. */
async function checkMoves(): Promise<Check> {
  try {
    const moves = (await unfinishedMoves()).filter(({ isUnderWay }) => !isUnderWay)
    if (moves.length === 0) return { name: 'moves', ok: true, told: 'none unfinished' }
    return { name: 'moves', ok: false, told: `${moves.map(tellMove).join('; ')}. Give the same mv again` }
  } catch (error) {
    if (!isNexusError(error)) throw error
    return { name: 'moves', ok: false, told: error.reason }
  }
}

function tellMove({ from, to, startedAt, copiedFiles, deletedFiles, journal }: UnfinishedMove): string {
  const came = `${copiedFiles} files arrived, ${deletedFiles} of them deleted at the source`
  return `${from.path} of ${from.storage} to ${to.path} of ${to.storage}, begun ${startedAt.toISOString()}, is unfinished: ${came} (${journal})`
}

/** The clock of this process against the one that stamps files: they differ where a disk is shared over a network. */
function checkClock(stateDirectoryPath: string): Check {
  const now = new Date()
  try {
    const probe = mkdtempSync(join(nearestExisting(stateDirectoryPath), '.nexus-doctor-'))
    writeFileSync(join(probe, 'clock'), '')
    const skewMs = Math.abs(statSync(join(probe, 'clock')).mtimeMs - Date.now())
    rmSync(probe, { recursive: true })
    const ok = skewMs <= maxClockSkewMs && now.getFullYear() >= 2025
    return { name: 'clock', ok, told: ok ? now.toISOString() : `${now.toISOString()}; files are stamped ${Math.round(skewMs / 1000)} s apart from it` }
  } catch (error) {
    return { name: 'clock', ok: false, told: `not compared with the disk's (${codeOf(error)})` }
  }
}

function nearestExisting(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) !== undefined || dirname(path) === path ? path : nearestExisting(dirname(path))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
