import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { collectGarbage } from '@nexus/core'
import type { DoubleService } from '../buckets/bucket-service.ts'
import { openBucketRepository } from '../buckets/open-bucket-repository.ts'
import { createRandom, type Random } from '../model/random.ts'
import type { Account } from './account.ts'
import { type BucketDeath, requestKinds } from './bucket-deaths.ts'
import { inspectBucket, killBucketWriters, repositoryUri } from './bucket-round.ts'
import type { CrashReport } from './suite.ts'

/** What is asked of the suite. */
export interface BucketCrashOptions {
  readonly start: () => Promise<DoubleService>
  /** Number of processes to kill. */
  readonly kills: number
  readonly seed: number
  readonly onRound?: ((progress: CrashReport) => void) | undefined
}

/** What happened, and which named deaths struck. */
export interface BucketCrashReport extends CrashReport {
  readonly struck: readonly string[]
}

const roundsPerBucket = 8
const dayMs = 24 * 60 * 60 * 1000

/** Every kind of request, before and after the service did it. */
export function bucketDeaths(): BucketDeath[] {
  return requestKinds.flatMap((during) => (['before', 'after'] as const).map((moment) => ({ during, moment, nth: during === 'commit' || during === 'content' ? 4 : 1 })))
}

/** Kills writing processes over a bucket, at each named request and at random, one or two at a time, and looks at what each left. */
export async function runBucketCrashSuite({ start, kills, seed, onRound }: BucketCrashOptions): Promise<BucketCrashReport> {
  const service = await start()
  const directory = await mkdtemp(join(tmpdir(), 'nexus-bucket-crash-'))
  const leave = enter({ ...service.env, NEXUS_FS_STATE_DIR: join(directory, 'inspector') })
  const random = createRandom(seed)
  const named = bucketDeaths().sort(() => (random.chance(0.5) ? 1 : -1))
  let report: BucketCrashReport = { kills: 0, acknowledged: 0, acknowledgedLarge: 0, problems: [], struck: [] }
  try {
    while (report.kills < kills && report.problems.length === 0) {
      report = await crashBucket(report, { service, directory, random, kills, seed, named, onRound })
    }
  } finally {
    leave()
    await service.close()
    await rm(directory, { recursive: true, force: true })
  }
  return report
}

interface BucketRun extends Pick<BucketCrashOptions, 'kills' | 'seed' | 'onRound'> {
  readonly service: DoubleService
  readonly directory: string
  readonly random: Random
  /** Taken from the front until none is left. */
  readonly named: BucketDeath[]
}

async function crashBucket(before: BucketCrashReport, run: BucketRun): Promise<BucketCrashReport> {
  const { service, directory, random, kills, seed, named, onRound } = run
  const bucket = await service.createBucket()
  const uri = repositoryUri(service, bucket)
  const accounts: Account[] = []
  let report = before
  for (let number = 0; number < roundsPerBucket && report.kills < kills && report.problems.length === 0; number++) {
    const writers = random.chance(0.4) ? 2 : 1
    const death = random.chance(0.2) ? 'random' : (named.shift() ?? 'random')
    const dead = await killBucketWriters({ service, bucket, directory, name: `kill${report.kills}`, random, writers, death })
    accounts.push(...dead.accounts)
    const problems = await inspectBucket(uri, accounts)
    report = {
      kills: report.kills + writers,
      acknowledged: report.acknowledged + dead.accounts.reduce((sum, account) => sum + account.acknowledged, 0),
      acknowledgedLarge: report.acknowledgedLarge + dead.accounts.reduce((sum, account) => sum + account.acknowledgedLarge, 0),
      struck: death !== 'random' && dead.hasStruck ? [...report.struck, `${death.during} ${death.moment}`] : report.struck,
      problems: problems.map((problem) => `${service.scheme}, seed ${seed}, kill ${report.kills}, killed at ${JSON.stringify(death)}: ${problem}`),
    }
    onRound?.(report)
    // What was let go may be deleted from the second day on.
    if (random.chance(0.5)) service.age(2 * dayMs)
  }
  const left = report.problems.length > 0 ? [] : await sweptClean({ service, bucket, accounts })
  return { ...report, problems: [...report.problems, ...left] }
}

/** What a repository keeps; everything else is somebody's leftover. */
const kept = /^some\/prefix\/(?:nexus\.json|journal\/\d{20}|cas\/[0-9a-f]{2}\/[0-9a-f]+(?:\.\d+)?|packs\/\w+|checkpoints\/\d{20}-\w+)$/

interface Swept {
  readonly service: DoubleService
  readonly bucket: string
  readonly accounts: readonly Account[]
}

/** After its time nothing is left that no commit refers to, and nothing is missing. */
async function sweptClean({ service, bucket, accounts }: Swept): Promise<string[]> {
  const uri = repositoryUri(service, bucket)
  const backend = await openBucketRepository(uri)
  const sweep = async (): Promise<number> => {
    service.age(8 * dayMs)
    return (await collectGarbage(backend.repository, { retention: { keepMs: 0, keepVersions: 1 } })).bytes
  }
  try {
    // What is dropped in one sweep goes in the next one.
    for (let pass = 0; pass < 3; pass++) await sweep()
    const bytes = await sweep()
    const more = bytes > 0 ? [`${bytes} bytes were still to be swept after everything had been`] : []
    const strays = service.keys(bucket).filter((key) => !kept.test(key)).map((key) => `${key} was left`)
    return [...more, ...strays, ...(await inspectBucket(uri, accounts)).map((problem) => `after the sweep: ${problem}`)]
  } finally {
    await backend.close()
  }
}

function enter(env: Readonly<Record<string, string>>): () => void {
  const before = { ...process.env }
  Object.assign(process.env, env)
  return () => {
    for (const name of Object.keys(env)) {
      const value = before[name]
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
  }
}
