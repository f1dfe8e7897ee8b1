import { copyFileSync, existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Durability } from '@nexus/core'
import { checkRepository } from '../model/check-repository.ts'
import { differences, type Found, holds, readTree } from '../model/compare.ts'
import { openTestRepository } from '../model/open-test-repository.ts'
import type { Random } from '../model/random.ts'
import { buildDisk, type Fate } from './build-disk.ts'
import { type Recording, recordedDirectory } from './record-run.ts'

const fates: readonly Fate[] = ['dropped', 'kept', 'mixed', 'torn']

/** Cuts the power at one point of a recording and opens what the disk could hold. @returns What is wrong; nothing when all is well. */
export async function cutPower(base: string, recording: Recording, { durability, random }: { readonly durability: Durability; readonly random: Random }): Promise<string[]> {
  const at = random.int(recording.log.events.length + 1)
  const fate = random.pick(fates)
  const root = join(base, 'disk')
  buildDisk(root, { events: recording.log.events, at, source: recording.source, fate, random })
  const indexes = recording.indexes.filter((index) => index.at <= at)
  const index = indexes.length === 0 || !existsSync(join(root, 'nexus.json')) || random.chance(0.4) ? undefined : random.pick(indexes)
  if (index !== undefined) copyFileSync(index.file, join(root, 'index.db'))
  try {
    const problems = await inspectDisk(root, recording, { at, durability })
    return problems.map((problem) => `cut at event ${at}, unsynced ${fate}, ${index === undefined ? 'no index' : `index of event ${index.at}`}: ${problem}`)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function inspectDisk(root: string, recording: Recording, { at, durability }: { readonly at: number; readonly durability: Durability }): Promise<string[]> {
  try {
    const { backend } = await openTestRepository(root, { durability, environment: { bootId: 'after the power cut' } })
    try {
      const found = await readTree(backend, recordedDirectory)
      const problems = durability === 'fsync' ? lost(found, recording, at) : torn(found, recording, at)
      return [...problems, ...(await checkRepository(backend, { mayLackContents: durability === 'os' }))]
    } finally {
      await backend.close()
    }
  } catch (error) {
    return [`it cannot be used: ${String(error)}`]
  }
}

/** With `fsync` everything acknowledged is there; the step under way wholly or not at all. */
function lost(found: Found, { trees, steps }: Recording, at: number): string[] {
  const acknowledged = steps.filter((step) => step.acknowledged <= at).length
  const begun = steps.filter((step) => step.begun < at).length
  const [without, withIt] = [trees[acknowledged], trees[begun]].map((tree) => differences(found, tree ?? new Map()))
  return without?.length === 0 || withIt?.length === 0 ? [] : (without ?? [])
}

/** With `os` the tail may be lost, and a content that never reached the disk is refused or gives way to an older one; nothing else is ever shown. */
function torn(found: Found, { trees, steps }: Recording, at: number): string[] {
  const past = trees.slice(0, steps.filter((step) => step.begun < at).length + 1)
  if (past.some((tree) => differences(found, tree).length === 0)) return []
  const strange = [...found].filter(([path, bytes]) => !(bytes instanceof Error) && !past.some((tree) => holds(bytes, tree.get(path) ?? [{ seed: -1, sizeBytes: -1 }])))
  return strange.map(([path]) => `${path} holds what it never held`)
}
