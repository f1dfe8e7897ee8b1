import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Durability } from '@nexus/core'
import type { CommitStep } from '../model/open-test-repository.ts'
import { createRandom } from '../model/random.ts'
import { upkeep } from '../model/choose-step.ts'
import type { Step } from '../model/tree.ts'
import type { Account } from './account.ts'
import { type Death, inspect, killWriters } from './round.ts'

/** What is asked of the suite. */
export interface CrashOptions {
  /** Number of processes to kill. */
  readonly kills: number
  readonly seed: number
  readonly onRound?: ((progress: CrashReport) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What happened. */
export interface CrashReport {
  readonly kills: number
  /** Steps that were acknowledged before a kill, and so had to be there after it. */
  readonly acknowledged: number
  /** Among them, contents of more than one part of 8 MiB. */
  readonly acknowledgedLarge: number
  readonly problems: readonly string[]
}

const roundsPerRepository = 12
const kinds: readonly Step['op'][] = ['write', 'append', 'rename', 'copy', 'delete', 'batch']
const commitSteps: readonly CommitStep[] = ['after-lock', 'after-write', 'after-sync', 'after-publish']
const contentSteps: readonly CommitStep[] = ['content-staged', 'content-published', 'segment-written', 'segment-renamed', 'segment-ready']

/** Every kind of commit at every step that it passes. `content-settled` is passed with `fsync` alone. */
export function namedDeaths(): Death[] {
  const commits = kinds.flatMap((during) => commitSteps.map((step) => ({ step, during, nth: 3 })))
  const contents = (['write', 'batch'] as const).flatMap((during) => contentSteps.map((step) => ({ step, during, nth: step.startsWith('segment') ? 1 : 2 })))
  const upkeepDeaths = upkeep.flatMap((during) => (['after-lock', 'after-write', 'after-publish'] as const).map((step) => ({ step, during, nth: 2 })))
  return [...upkeepDeaths, ...commits, ...contents]
}

/** Kills writing processes, at each named step and at random, one or two at a time, with both durabilities, and looks at what each left. */
export async function runCrashSuite({ kills, seed, onRound, signal }: CrashOptions): Promise<CrashReport> {
  const named = namedDeaths()
  let report: CrashReport = { kills: 0, acknowledged: 0, acknowledgedLarge: 0, problems: [] }
  for (let repository = 0; report.kills < kills && report.problems.length === 0; repository++) {
    signal?.throwIfAborted()
    report = await crashRepository(report, { kills, seed: seed + repository * 1000, named, onRound })
  }
  return report
}

interface RepositoryRun extends Pick<CrashOptions, 'kills' | 'seed' | 'onRound'> {
  /** Taken from the front until none is left. */
  readonly named: Death[]
}

async function crashRepository(before: CrashReport, { kills, seed, named, onRound }: RepositoryRun): Promise<CrashReport> {
  const root = await mkdtemp(join(tmpdir(), 'nexus-crash-'))
  const random = createRandom(seed)
  const accounts: Account[] = []
  const durability: Durability = random.chance(0.5) ? 'fsync' : 'os'
  let report = before
  try {
    for (let number = 0; number < roundsPerRepository && report.kills < kills; number++) {
      const writers = random.chance(0.3) ? 2 : 1
      const death = random.chance(0.4) ? 'random' : (named.shift() ?? 'random')
      const dead = await killWriters({ root, name: `round${number}`, random, durability, writers, lanes: 1 + random.int(4), death })
      accounts.push(...dead.accounts)
      const problems = await inspect({ root, durability }, { accounts, pids: dead.pids })
      report = {
        kills: report.kills + writers,
        acknowledged: report.acknowledged + dead.accounts.reduce((sum, account) => sum + account.acknowledged, 0),
        acknowledgedLarge: report.acknowledgedLarge + dead.accounts.reduce((sum, account) => sum + account.acknowledgedLarge, 0),
        problems: problems.map((problem) => `repository seed ${seed}, round ${number}, ${durability}, killed at ${JSON.stringify(death)}: ${problem}`),
      }
      onRound?.(report)
      if (problems.length > 0) break
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
  return report
}
