import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type BucketService, bucketUri, type DoubleService } from '../buckets/bucket-service.ts'
import { openBucketRepository } from '../buckets/open-bucket-repository.ts'
import { checkRepository } from '../model/check-repository.ts'
import type { Random } from '../model/random.ts'
import { Account } from './account.ts'
import { type BucketDeath, killAt } from './bucket-deaths.ts'
import { type Child, startChild } from './child.ts'
import type { WriterPlan, WriterReport } from './plan.ts'

const script = join(import.meta.dirname, 'writer.ts')
/** A writer that never comes to its death is killed after so many reports all the same. */
const mostReports = 300

/** One round over a bucket: processes write, are killed, and what they left is looked at. */
export interface BucketRound {
  readonly service: DoubleService
  readonly bucket: string
  /** Directory of this machine for the state of every process. */
  readonly directory: string
  /** Unlike those of all other rounds in this bucket. */
  readonly name: string
  readonly random: Random
  readonly writers: number
  readonly death: BucketDeath | 'random'
  readonly acknowledgesEarly?: boolean | undefined
}

/** Runs the writers of a round until all are dead. @returns What they were promised, and whether the named death struck */
export async function killBucketWriters(round: BucketRound): Promise<{ readonly accounts: readonly Account[]; readonly hasStruck: boolean }> {
  const writers: { readonly account: Account; readonly child: Child }[] = []
  const killAll = (): void => {
    for (const { child } of writers) child.process.kill('SIGKILL')
  }
  const hasStruck = round.death === 'random' ? () => true : killAt(round.service.http, round.death, killAll)
  const isShared = round.random.chance(0.5)
  for (let number = 0; number < round.writers; number++) {
    const state = join(round.directory, `${round.name}-state${isShared ? '' : number}`)
    await mkdir(state, { recursive: true })
    writers.push(startWriter(round, { number, state }))
  }
  const failures: string[] = []
  for (const { child } of writers) {
    const { signal, errors } = await child.ended
    if (signal !== 'SIGKILL') failures.push(errors)
  }
  round.service.http.faults.clear()
  if (failures.length > 0) throw new Error(`${failures.length} writers of ${round.name} ended by themselves: ${failures.join('\n')}`)
  return { accounts: writers.map(({ account }) => account), hasStruck: hasStruck() }
}

function startWriter({ service, bucket, name, random, death, acknowledgesEarly }: BucketRound, { number, state }: { readonly number: number; readonly state: string }): { readonly account: Account; readonly child: Child } {
  const account = new Account(`/${name}/writer${number}`)
  const plan: WriterPlan = {
    root: '',
    uri: repositoryUri(service, bucket),
    directory: account.directory,
    seed: random.int(1_000_000),
    durability: 'fsync',
    lanes: 1 + random.int(3),
    maintains: number === 0,
    largestBytes: 9_000_000,
    only: death === 'random' ? undefined : onlyOf[death.during],
    acknowledgesEarly,
  }
  let reportsLeft = death === 'random' ? 1 + random.int(80) : mostReports
  const child = startChild(script, {
    args: [JSON.stringify(plan)],
    env: { ...service.env, NEXUS_FS_STATE_DIR: state },
    onLine: (line) => {
      account.note(JSON.parse(line) as WriterReport)
      if (--reportsLeft === 0) child.process.kill('SIGKILL')
    },
  })
  return { account, child }
}

/** What a writer does more often, so that it comes to its death. */
const onlyOf = {
  commit: undefined,
  content: 'write',
  descriptor: undefined,
  checkpoint: 'checkpoint',
  pack: 'compact',
  deletion: 'gc',
  clock: 'gc',
} as const

/** The repository of a bucket. */
export function repositoryUri(service: BucketService, bucket: string): string {
  return bucketUri(service, { bucket, prefix: 'some/prefix', layout: 'cas' })
}

/** Opens what the dead left as a machine that never saw it, and compares it with every promise. @returns What is wrong; nothing when all is well */
export async function inspectBucket(uri: string, accounts: readonly Account[]): Promise<string[]> {
  const backend = await openBucketRepository(uri)
  try {
    const problems: string[] = []
    for (const account of accounts.filter(({ isPending }) => isPending)) problems.push(...(await account.check(backend, { settles: false })))
    problems.push(...(await checkRepository(backend)))
    for (const account of accounts) problems.push(...(await account.check(backend, { settles: true })))
    return problems
  } finally {
    await backend.close()
  }
}
