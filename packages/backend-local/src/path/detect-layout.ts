import { closeSync, constants, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { NexusError } from '@nexus/core/contract'
import type { LocalConfig } from '../config.ts'
import { isStranger, segmentFirst } from '../store/layout.ts'
import { hasSegmentMagic } from '../store/segment.ts'
import { errnoOf, toNexusError } from './errors.ts'
import { attributesName } from './names.ts'
import { isDescriptor } from './nested.ts'

/**
 * What a directory holds: `cas` for a repository of ours, `empty` for nothing but what operating systems leave behind, `path` for the rest and
 * for a tree that Nexus has used with layout `path` before, even when all its files are gone.
 * @throws NexusError `corrupt` for a journal of ours without a valid `nexus.json`, `invalid_config` for a file
 */
export async function detectLayout({ dataDir }: LocalConfig): Promise<'cas' | 'path' | 'empty'> {
  try {
    return await Promise.resolve(detect(dataDir))
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR') throw toNexusError(error, { op: 'mount', path: dataDir })
    const reason = `"${dataDir}" is not a directory; a local mount starts from one.`
    throw new NexusError('invalid_config', { op: 'mount', path: dataDir, backend: 'local', reason, cause: error })
  }
}

function detect(dataDir: string): 'cas' | 'path' | 'empty' {
  const names = listNames(dataDir)
  if (isDescriptor(join(dataDir, 'nexus.json'))) return 'cas'
  if (names.includes('journal') && holdsJournal(join(dataDir, 'journal'))) {
    const reason = 'A journal of Nexus stands here without a valid nexus.json; `nexus-fs fsck --repair` writes it again from the journal.'
    throw new NexusError('corrupt', { reason })
  }
  return names.every((name) => isStranger(name) || isUnmarked(dataDir, name)) ? 'empty' : 'path'
}

/** Attributes without the marker say nothing yet. */
function isUnmarked(dataDir: string, name: string): boolean {
  return name === attributesName && lstatSync(join(dataDir, attributesName, 'path'), { throwIfNoEntry: false }) === undefined
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

function holdsJournal(journal: string): boolean {
  if (!lstatSync(journal).isDirectory()) return false
  return readdirSync(journal).some((name) => segmentFirst(name) !== undefined && hasSegmentMagic(readBeginning(join(journal, name))))
}

function readBeginning(file: string): Uint8Array {
  if (!lstatSync(file).isFile()) return new Uint8Array(0)
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const bytes = new Uint8Array(16)
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(descriptor)
  }
}
