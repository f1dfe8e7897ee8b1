import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Durability } from '@nexus/core'
import { chooseStep } from '../model/choose-step.ts'
import { openTestRepository } from '../model/open-test-repository.ts'
import type { Random } from '../model/random.ts'
import { runStep } from '../model/run-step.ts'
import { applyStep, type Tree } from '../model/tree.ts'
import { DiskLog } from './disk-log.ts'
import { recordingFiles } from './recording-files.ts'

/** What was done, what the disk was told, and which copies of the index there are. */
export interface Recording {
  readonly source: string
  readonly log: DiskLog
  /** State before the first step and after each. */
  readonly trees: readonly Tree[]
  /** For each step, the number of events when it was begun and when it was acknowledged. */
  readonly steps: readonly { readonly begun: number; readonly acknowledged: number }[]
  /** Whole copies of `index.db`, with the number of events when each was made. */
  readonly indexes: readonly { readonly file: string; readonly at: number }[]
}

/** Directory in the repository that the steps work in. */
export const recordedDirectory = '/work'
const sessions = 3
const stepsPerSession = 14

/** Works in a fresh repository below `base`, opening it several times, and records what reached the operating system. */
export async function recordRun(base: string, { durability, random, losesSyncs }: { readonly durability: Durability; readonly random: Random; readonly losesSyncs?: boolean }): Promise<Recording> {
  const source = join(base, 'source')
  mkdirSync(source)
  const log = new DiskLog()
  const environment = { bootId: 'before the power cut', files: recordingFiles(log, { losesSyncs }) }
  const trees: Tree[] = [new Map()]
  const steps: { begun: number; acknowledged: number }[] = []
  const indexes: { file: string; at: number }[] = []
  for (let session = 0; session < sessions; session++) {
    const { backend } = await openTestRepository(source, { durability, environment })
    for (let count = 0; count < stepsPerSession; count++) {
      const tree = trees.at(-1) ?? new Map()
      const step = chooseStep(random, tree, { largestBytes: 100_000 })
      const begun = log.events.length
      await runStep(backend, recordedDirectory, step)
      steps.push({ begun, acknowledged: log.events.length })
      trees.push(applyStep(tree, step))
    }
    await backend.close()
    const file = join(base, `index-${session}`)
    copyFileSync(join(source, 'index.db'), file)
    indexes.push({ file, at: log.events.length })
  }
  return { source, log, trees, steps, indexes }
}
