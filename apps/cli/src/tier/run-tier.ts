import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { MountedNexusFS, TierRule, TierSource } from '@nexus/core'
import type { Cli } from '../cli.ts'
import { UsageError } from '../outcomes.ts'
import { parseNexusOperand } from '../paths/operand.ts'
import { openOperands } from '../session.ts'
import { connect, mount } from '../with-local.ts'
import { printRun } from './print-run.ts'
import { rememberTier } from './remember-tier.ts'

/** The options of `tier`, as they were written. */
export interface TierCommandOptions extends Pick<TierSource, 'olderThan' | 'idleFor' | 'largerThan' | 'smallerThan' | 'capacity' | 'include' | 'exclude'> {
  readonly keepPaths?: true
  readonly concurrency?: number
  readonly dryRun?: true
}

/** Runs the rule of the command line, or without operands those that are configured. */
export async function runTier(cli: Cli, [from, to]: readonly [string | undefined, string | undefined], options: TierCommandOptions): Promise<void> {
  if (from === undefined) await runConfigured(cli, options)
  else if (to === undefined) throw new UsageError('tier needs a directory to take the files. See nexus-fs tier --help.')
  else await runOne(cli, { from, to, options })
}

interface One {
  readonly from: string
  readonly to: string
  readonly options: TierCommandOptions
}

async function runOne(cli: Cli, { from, to, options }: One): Promise<void> {
  const operands = [parseNexusOperand(from), parseNexusOperand(to)]
  const { keepPaths = false } = options
  if (keepPaths && operands.some(({ kind }) => kind !== 'nexus'))
    throw new UsageError('--keep-paths is remembered with mounts, so mount both places first: nexus-fs mount URI.')
  let rule: TierSource | undefined
  await using session = await openOperands(cli, operands, { tier: ([first = '', second = '']) => (rule = toRule({ from: first, to: second, options })) })
  // Remembered before anything moves: a file whose redirect is not known would be lost to its readers.
  if (keepPaths && rule !== undefined && options.dryRun !== true) await rememberTier(rule, cli.signal)
  const isOwn = ({ from: first, to: second }: TierRule): boolean => first === rule?.from && second === rule.to
  await run(cli, session.fs, { options, only: isOwn })
}

function toRule({ from, to, options }: One): TierSource {
  return { from, to, paths: options.keepPaths === true ? 'keep' : 'move', ...conditionsOf(options) }
}

/** What was asked for, and nothing of how it is run. */
function conditionsOf({ olderThan, idleFor, largerThan, smallerThan, capacity, include, exclude }: TierCommandOptions): Omit<TierSource, 'from' | 'to' | 'paths'> {
  const given = Object.entries({ olderThan, idleFor, largerThan, smallerThan, capacity, include, exclude })
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

async function runConfigured(cli: Cli, options: TierCommandOptions): Promise<void> {
  if (options.keepPaths !== undefined || Object.keys(conditionsOf(options)).length > 0)
    throw new UsageError('Conditions belong to directories: nexus-fs tier FROM TO --older-than 30d. See nexus-fs tier --help.')
  const configFile = join(cli.workingDirectory, 'nexus.yaml')
  const given = { signal: cli.signal }
  await using fs = existsSync(configFile) ? await connect({ configFile }, given) : await mount(given)
  const count = await run(cli, fs, { options })
  if (count === 0) throw new UsageError('There are no tier rules: neither in ./nexus.yaml nor remembered. See nexus-fs tier --help.')
}

/** @returns How many rules were run */
async function run(
  cli: Cli,
  fs: MountedNexusFS,
  { options: { dryRun, concurrency }, only }: { readonly options: TierCommandOptions; readonly only?: ((rule: TierRule) => boolean) | undefined },
): Promise<number> {
  return await printRun(cli, { isDryRun: dryRun === true, start: (onFile) => fs.tier({ dryRun, concurrency, only, onFile, signal: cli.signal }) })
}
