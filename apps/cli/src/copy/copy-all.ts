import { createThrottle } from '@nexus/core'
import { NexusError, type Path } from '@nexus/core/contract'
import type { Cli } from '../cli.ts'
import type { Operand } from '../paths/operand.ts'
import { readOperands } from '../paths/read-operands.ts'
import { type NexusOperand, openOperands, type Session } from '../session.ts'
import { bringOut } from './bring-out.ts'
import type { CopyContext } from './copy-context.ts'
import { noCounts } from './copy-counts.ts'
import { copyWithin } from './copy-within.ts'
import { printSummary } from './print-summary.ts'
import { takeIn } from './take-in.ts'
import { type CopyTarget, hostTarget, lookAtTarget, nexusTarget } from './target-name.ts'

/** The options of `cp`. */
export interface CopyOptions {
  readonly recursive?: true | undefined
  /** `false` with `--no-clobber`. */
  readonly clobber: boolean
  readonly verify?: true | undefined
  /** In bytes a second. */
  readonly bandwidth?: number | undefined
  readonly bwlimit?: number | undefined
}

/**
 * Copies every source to the target, or into it.
 * @param texts Sources, and the target at the end.
 * @throws NexusError the first failure, after what could be copied was copied
 */
export async function copyAll(cli: Cli, texts: readonly string[], { recursive, clobber, verify, bandwidth, bwlimit }: CopyOptions): Promise<void> {
  const operands = await readOperands(cli, texts)
  const ofNexus = operands.filter((operand): operand is NexusOperand => operand.kind !== 'host')
  if (ofNexus.length === 0) throw new NexusError('invalid_argument', { op: 'cp', reason: 'All of these are files of this machine; its own cp copies them. Paths of Nexus start with a mount point: nexus-fs mounts list.' })
  await using session = await openOperands(cli, ofNexus)
  const pathOf = (operand: Operand): Path | undefined => (operand.kind === 'host' ? undefined : session.paths[ofNexus.indexOf(operand)])
  const progress = cli.progress('Copying')
  const rate = bandwidth ?? bwlimit
  const throttle = rate === undefined ? undefined : createThrottle(rate)
  const context: CopyContext = { throttle, cli, session, counts: noCounts(), progress, verify: verify === true, replaces: clobber, recursive: recursive === true }
  const startedAt = performance.now()
  const target = operands.at(-1) as Operand
  const sources = operands.slice(0, -1)
  const looked = await lookAtTarget(session, target, { path: pathOf(target), sources: sources.length, signal: cli.signal })
  try {
    for (const source of sources) await copyOne(context, { source, path: pathOf(source), target: looked })
  } finally {
    progress.end()
  }
  await printSummary(cli, context.counts, { tookMs: performance.now() - startedAt, shown: session.shown })
  const [failure] = context.counts.told
  if (failure !== undefined) throw new NexusError(failure.code, { op: 'cp', path: failure.path, reason: `${failure.reason}${context.counts.failures > 1 ? ` ${context.counts.failures - 1} more failed.` : ''}`, cause: failure })
}

async function copyOne(context: CopyContext, { source, path, target }: { readonly source: Operand; readonly path: Session['paths'][number] | undefined; readonly target: CopyTarget }): Promise<void> {
  const isOut = target.operand.kind === 'host'
  if (source.kind === 'host') {
    if (isOut) throw new NexusError('invalid_argument', { op: 'cp', path: source.text, reason: 'It and the target are files of this machine; its own cp copies them.' })
    return takeIn(context, source.hostPath, nexusTarget(target, source))
  }
  if (path === undefined) throw new NexusError('unexpected', { op: 'cp', reason: 'A source has no path.' })
  if (isOut) return bringOut(context, path, hostTarget(target, source))
  return copyWithin(context, path, nexusTarget(target, source))
}
