import { statSync } from 'node:fs'
import type { SyncAction, SyncOptions, SyncProgress, SyncResult, SyncRule } from '@nexus/core'
import { isNexusError, NexusError, type Path } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import { Interrupted } from '../outcomes.ts'
import type { Operand } from '../paths/operand.ts'
import { readOperands } from '../paths/read-operands.ts'
import { openOperands, type Session } from '../session.ts'
import { formatCount } from '../terminal/format.ts'
import { actionJson, actionLine } from './action-line.ts'
import { createPrinter } from './printer.ts'
import { printSyncResult } from './sync-summary.ts'

/** The options of `sync`. */
export interface SyncCommandOptions {
  readonly delete?: true | undefined
  readonly dryRun?: true | undefined
  readonly checksum?: true | undefined
  readonly watch?: true | undefined
  readonly crossMounts?: true | undefined
  readonly allowEmptySource?: true | undefined
  readonly concurrency?: number | undefined
  /** In bytes a second. */
  readonly bandwidth?: number | undefined
  readonly bwlimit?: number | undefined
  /** In seconds. */
  readonly interval?: number | undefined
  readonly filter: readonly SyncRule[]
}

/** Makes the second place hold what the first does. @throws NexusError the first failure, after what could be done was done */
export async function runSync(cli: Cli, texts: readonly [source: string, target: string], options: SyncCommandOptions): Promise<void> {
  const operands = await readOperands(cli, texts)
  for (const operand of operands.slice(0, 1)) refuseAbsent(operand)
  await using session = await openOperands(cli, operands, { goesBelow: options.crossMounts === true })
  const [from, to] = session.paths as readonly [Path, Path]
  const given = { from, to, session, options }
  try {
    await (options.watch === true ? watch(cli, given) : once(cli, given))
  } catch (error) {
    if (error instanceof Interrupted && options.watch !== true) await cli.err.line('What was copied stays; the same command goes on where it was.')
    throw inWordsOfTheCommand(error)
  }
}

interface Given {
  readonly from: Path
  readonly to: Path
  readonly session: Session
  readonly options: SyncCommandOptions
}

/** A mount of a directory that is not there is empty, and would empty the target. */
function refuseAbsent(operand: Operand | undefined): void {
  if (operand?.kind !== 'host') return
  const found = statSync(operand.hostPath, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) return
  const reason = found === undefined ? undefined : 'It is a file; cp copies it.'
  throw new NexusError(found === undefined ? 'not_found' : 'not_directory', { op: 'sync', path: operand.text, reason })
}

async function once(cli: Cli, { from, to, session, options }: Given): Promise<void> {
  const startedAt = performance.now()
  const dryRun = options.dryRun === true
  // What a dry run finds is shown as it comes, and a line at the foot would be in its way.
  const progress = dryRun && cli.out.isTerminal ? undefined : cli.progress(dryRun ? 'Comparing' : 'Syncing')
  const onProgress = ({ files, bytes, unchanged }: SyncProgress): void => progress?.update({ files, bytes, note: unchanged === 0 ? undefined : `${formatCount(unchanged)} unchanged` })
  const actions = createPrinter()
  const onAction = dryRun ? (action: SyncAction): void => actions.print(() => cli.out.line(cli.json ? actionJson(action, session.shown) : actionLine(cli, action, { to, shown: session.shown }))) : undefined
  const result = await session.fs.syncTree(from, to, { ...syncOptions(cli, options), onProgress, onAction }).finally(() => progress?.end())
  await actions.printed()
  await printSyncResult(cli, result, { tookMs: performance.now() - startedAt, shown: session.shown, dryRun })
  throwFirst(result)
}

async function watch(cli: Cli, { from, to, session, options }: Given): Promise<void> {
  if (options.dryRun === true) throw new NexusError('invalid_argument', { op: 'sync', reason: '--watch goes on for good, and --dry-run changes nothing; leave one of them out.' })
  const startedAt = performance.now()
  const progress = cli.progress('Syncing')
  let isFirst = true
  const { print, printed } = createPrinter()
  const onAction = (action: SyncAction): void => {
    if (isFirst && !cli.json) return
    print(async () => {
      await cli.out.line(cli.json ? actionJson(action, session.shown) : actionLine(cli, action, { to, shown: session.shown }))
      // Who reads it waits for this line, and the next may be far.
      if (!isFirst) await cli.out.flush()
    })
  }
  const onPass = (result: SyncResult): void => {
    if (!isFirst) return
    isFirst = false
    progress.end()
    print(async () => {
      await printSyncResult(cli, result, { tookMs: performance.now() - startedAt, shown: session.shown, dryRun: false })
      if (!cli.json) await cli.err.line(cli.out.paint('dim', 'Every change comes along now; Ctrl-C ends it.'))
      await cli.out.flush()
    })
  }
  const onRetry = (error: NexusError, delayMs: number): void => print(() => cli.err.line(`${error.message} Trying again in ${Math.ceil(delayMs / 1000)} s.`))
  const onProgress = ({ files, bytes }: SyncProgress): void => {
    if (isFirst) progress.update({ files, bytes })
  }
  try {
    await session.fs.watchTree(from, to, { ...syncOptions(cli, options), intervalMs: (options.interval ?? 10) * 1000, signal: cli.signal, onAction, onPass, onRetry, onProgress })
  } finally {
    progress.end()
    await printed()
  }
}

function syncOptions({ signal }: Cli, { delete: deletes, dryRun, checksum, crossMounts, allowEmptySource, concurrency, bandwidth, bwlimit, filter }: SyncCommandOptions): SyncOptions {
  return { delete: deletes, dryRun, checksum, crossMounts, allowEmptySource, concurrency, bytesPerSecond: bandwidth ?? bwlimit, filter, signal }
}

function throwFirst({ failed, failures: [first] }: SyncResult): void {
  if (first === undefined) return
  const { code, path, reason } = first
  throw new NexusError(code, { op: 'sync', path, reason: `${reason}${failed > 1 ? ` ${formatCount(failed - 1)} more failed.` : ''}` })
}

/** The library names its options; here they are written otherwise. */
function inWordsOfTheCommand(error: unknown): unknown {
  if (!isNexusError(error)) return error
  const reason = Object.entries(ofTheLibrary).reduce((text, [theirs, ours]) => text.replace(theirs, ours), error.reason)
  const { code, op, path, backend, cause } = error
  return new NexusError(code, { op: op === 'syncTree' || op === 'watchTree' ? 'sync' : op, path, backend, reason, cause })
}

const ofTheLibrary: Readonly<Record<string, string>> = {
  'pass allowEmptySource: true': 'add --allow-empty-source',
  'crossMounts: true': '--cross-mounts',
  'ask to delete what the source does not have, or delete it': 'add --delete, or delete it',
}
