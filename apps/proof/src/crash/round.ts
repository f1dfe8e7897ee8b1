import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Durability } from '@nexus/core'
import { checkRepository } from '../model/check-repository.ts'
import { type CommitStep, openTestRepository } from '../model/open-test-repository.ts'
import type { Random } from '../model/random.ts'
import type { Step } from '../model/tree.ts'
import { Account } from './account.ts'
import { type Child, startChild } from './child.ts'
import { createLocklessView } from './lockless-view.ts'
import type { WriterPlan, WriterReport } from './plan.ts'

const script = join(import.meta.dirname, 'writer.ts')

/** Where writing processes die: at a named step of a commit of a kind, or wherever they are after so many reports. */
export type Death = { readonly step: CommitStep; readonly during: Step['op']; readonly nth: number } | 'random'

/** One round: processes write, die, and what they left is looked at. */
export interface Round {
  readonly root: string
  /** Unlike those of all other rounds in this repository. */
  readonly name: string
  readonly random: Random
  readonly durability: Durability
  readonly writers: number
  readonly lanes: number
  readonly death: Death
  readonly acknowledgesEarly?: boolean | undefined
  /** Broken on purpose: each writer has a lock of its own. The negative control of the lock. */
  readonly locksAlone?: boolean | undefined
}

const largestBytes = 9_000_000

interface Writer {
  readonly account: Account
  readonly child: Child
}

/** Starts the writers of a round and waits until each is dead. @returns What they were promised. */
export async function killWriters(round: Round): Promise<{ readonly accounts: readonly Account[]; readonly pids: readonly number[] }> {
  const writers = Array.from({ length: round.writers }, (_, number) => startWriter(round, number))
  const failures: string[] = []
  for (const { child } of writers) {
    const { signal, errors } = await child.ended
    if (signal !== 'SIGKILL') failures.push(errors)
  }
  if (failures.length > 0) throw new Error(`${failures.length} writers of round ${round.name} ended by themselves: ${failures.join('\n')}`)
  return { accounts: writers.map(({ account }) => account), pids: writers.map(({ child }) => child.process.pid ?? 0) }
}

/** Opens what the dead left and compares it with every promise. @returns What is wrong; nothing when all is well. */
export async function inspect({ root, durability }: Pick<Round, 'root' | 'durability'>, { accounts, pids }: { readonly accounts: readonly Account[]; readonly pids: readonly number[] }): Promise<string[]> {
  const { backend, contents } = await openTestRepository(root, { durability })
  try {
    const problems: string[] = []
    for (const account of accounts.filter(({ isPending }) => isPending)) problems.push(...(await account.check(backend, { settles: false })))
    problems.push(...(await checkRepository(backend)))
    for (const account of accounts) problems.push(...(await account.check(backend, { settles: true })))
    await contents.sweep()
    return [...problems, ...leftovers(root, pids)]
  } finally {
    await backend.close()
  }
}

function leftovers(root: string, pids: readonly number[]): string[] {
  const names = readdirSync(root).includes('tmp') ? readdirSync(join(root, 'tmp')) : []
  return names.filter((name) => pids.includes(Number(name.split('-')[0]))).map((name) => `tmp/${name} was not swept`)
}

function startWriter(round: Round, number: number): Writer {
  const { random, death } = round
  const account = new Account(`/${round.name}/writer${number}`)
  const plan: WriterPlan = {
    root: round.locksAlone === true ? createLocklessView(round.root, `writer${number}`) : round.root,
    directory: account.directory,
    seed: random.int(1_000_000),
    durability: round.durability,
    lanes: round.lanes,
    maintains: number === 0,
    largestBytes,
    killAt: death === 'random' ? undefined : death,
    acknowledgesEarly: round.acknowledgesEarly,
  }
  // A writer that never comes to its step, because the other one makes all segments, dies at this report all the same.
  let reportsLeft = death === 'random' ? 1 + random.int(120) : 600
  const delayMs = random.int(4)
  const child = startChild(script, {
    args: [JSON.stringify(plan)],
    onLine: (line) => {
      account.note(JSON.parse(line) as WriterReport)
      if (--reportsLeft !== 0) return
      if (death === 'random' && delayMs > 0) setTimeout(() => child.process.kill('SIGKILL'), delayMs)
      else child.process.kill('SIGKILL')
    },
  })
  return { account, child }
}
