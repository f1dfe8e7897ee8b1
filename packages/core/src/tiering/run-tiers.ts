import type { CallOptions } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { forEachConcurrently } from '../facade/for-each-concurrently.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { isOneFileFailure } from '../replication/one-file-failure.ts'
import { usedIn } from './capacity.ts'
import { type Candidate, candidates, type CandidateSource } from './candidates.ts'
import { planTier } from './plan.ts'
import type { Redirect } from './redirect.ts'
import { asksForReads, type TierRule } from './rule.ts'
import type { Tiers } from './tiers.ts'

/** What happened to one file: `planned` in a dry run; `changed` when it was no longer in the state in which it was chosen, and stays. */
export interface TieredFile {
  readonly path: Path
  readonly to: Path
  readonly sizeBytes: number
  readonly outcome: 'planned' | 'moved' | 'changed' | 'failed'
  /** Why it failed. */
  readonly error?: NexusError | undefined
}

/** How rules are run. */
export interface TierRunOptions extends CallOptions {
  /** Chooses files and moves none. */
  readonly dryRun?: boolean | undefined
  /** Told of each file that was chosen, when it is done with. */
  readonly onFile?: ((file: TieredFile) => void | Promise<void>) | undefined
  /** Which rules are run. Default: all. */
  readonly only?: ((rule: TierRule) => boolean) | undefined
  /** Files under way at once. Default 8. */
  readonly concurrency?: number | undefined
  /** What counts as now, in milliseconds since the epoch. Default: the system's clock. */
  readonly now?: number | undefined
}

/** What came of one rule. */
export interface TierReport {
  readonly rule: TierRule
  /** Files that were looked at. */
  readonly examined: number
  /** Files that were moved, in a dry run those that would be, and the sum of their sizes. */
  readonly files: number
  readonly bytes: number
  readonly changed: number
  readonly failed: number
}

const defaultConcurrency = 8

/**
 * Runs all rules, one after another, in their order. A file that fails stays where it was and stops no other; what concerns a storage as a whole ends
 * the run.
 * @throws NexusError `read_only`, `unsupported`, `unavailable` and the like, of the storage; `invalid_argument` for a concurrency that is no number
 */
export async function runTiers(kernel: Kernel, tiers: Tiers, options: TierRunOptions = {}): Promise<readonly TierReport[]> {
  const { concurrency = defaultConcurrency, only = () => true } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new NexusError('invalid_argument', { op: 'tier', reason: 'The concurrency is a whole number from 1 on.' })
  const reports: TierReport[] = []
  for (const rule of tiers.rules.filter(only)) reports.push(await runRule({ kernel, tiers, rule }, options))
  return reports
}

interface Run {
  readonly kernel: Kernel
  readonly tiers: Tiers
  readonly rule: TierRule
}

async function runRule(run: Run, options: TierRunOptions): Promise<TierReport> {
  const { tiers, rule } = run
  const work = (lastRead: (path: Path) => number | undefined): Promise<TierReport> => runWith(run, { ...sourceOf(run), rule, lastRead }, options)
  return tiers.log !== undefined && asksForReads(rule) ? await tiers.log.lookUp(work) : await work(() => undefined)
}

/** A rule that keeps paths looks at the first storage only: what lies behind it is out of the way already. */
function sourceOf({ kernel, tiers, rule }: Run): Pick<CandidateSource, 'storage' | 'directory'> {
  refuseReadonly(kernel, rule)
  if (rule.paths === 'move') return { storage: kernel, directory: rule.from }
  const { hot, within } = redirectOf(tiers, rule).tier()
  return { storage: hot, directory: within }
}

function redirectOf(tiers: Tiers, rule: TierRule): Redirect {
  const found = tiers.redirectOf(rule)
  if (found !== undefined) return found.redirect
  throw new NexusError('invalid_argument', { op: 'tier', path: rule.from, reason: `The mount that holds ${rule.from} is not there; mount it again.` })
}

/** The redirect stands below the mount's own refusals. */
function refuseReadonly(kernel: Kernel, { from, to }: TierRule): void {
  for (const path of [from, to]) {
    const { readonly, readonlyReason } = kernel.capabilitiesAt(path)
    if (readonly) throw new NexusError('read_only', { op: 'tier', path, reason: readonlyReason })
  }
}

async function runWith(run: Run, source: CandidateSource, options: TierRunOptions): Promise<TierReport> {
  const { signal, dryRun = false, concurrency = defaultConcurrency, now = Date.now() } = options
  const counts = { examined: 0, files: 0, bytes: 0, changed: 0, failed: 0 }
  const usedBytes = (): Promise<number> => usedIn({ hot: redirectOf(run.tiers, run.rule).tier().hot, within: source.directory }, { signal })
  const plan = planTier(candidates(source, { signal }), { rule: run.rule, now, usedBytes, onExamined: () => counts.examined++ })
  await forEachConcurrently(plan, { concurrency, signal }, async (file, ownSignal) => {
    const outcome = dryRun ? ({ outcome: 'planned' } as const) : await tierFile(run, file, ownSignal)
    if (outcome.outcome === 'changed' || outcome.outcome === 'failed') counts[outcome.outcome]++
    else {
      counts.files++
      counts.bytes += file.sizeBytes
    }
    await options.onFile?.({ path: file.path, to: file.to, sizeBytes: file.sizeBytes, ...outcome })
  })
  return { rule: run.rule, ...counts }
}

async function tierFile(run: Run, file: Candidate, signal: AbortSignal): Promise<Pick<TieredFile, 'outcome' | 'error'>> {
  try {
    return { outcome: (await move(run, file, signal)) ? 'moved' : 'changed' }
  } catch (error) {
    signal.throwIfAborted()
    if (isNexusError(error, 'precondition_failed') || isNexusError(error, 'not_found')) return { outcome: 'changed' }
    if (!isOneFileFailure(error)) throw error
    return { outcome: 'failed', error }
  }
}

async function move({ kernel, tiers, rule }: Run, { stat, path, to }: Candidate, signal: AbortSignal): Promise<boolean> {
  if (rule.paths === 'keep') return await redirectOf(tiers, rule).demote(stat, { signal })
  const ifMatch = kernel.capabilitiesAt(path).ifMatch === false ? undefined : stat.etag
  const ifNoneMatch = kernel.capabilitiesAt(to).ifNoneMatch === false ? undefined : '*'
  try {
    await kernel.rename(path, to, { ifMatch, ifNoneMatch, signal })
    return true
  } catch (error) {
    if (!isNexusError(error, 'precondition_failed')) throw error
    return await settleTaken({ kernel, path, to, etag: stat.etag }, signal)
  }
}

interface Taken {
  readonly kernel: Kernel
  readonly path: Path
  readonly to: Path
  readonly etag: string | undefined
}

/** What stands at the target is replaced by nothing. When it is the same file, a move that was broken off had come that far. */
async function settleTaken({ kernel, path, to, etag }: Taken, signal: AbortSignal): Promise<boolean> {
  const source = await kernel.stat(path, { fresh: true, signal })
  if (source.etag !== etag) return false
  const target = await kernel.stat(to, { fresh: true, signal })
  if (source.digest === undefined || source.digest !== target.digest)
    throw new NexusError('already_exists', { op: 'tier', path: to, reason: `Another file is there already, so ${path} stays; rename one of them.` })
  await kernel.delete(path, { ifMatch: etag, signal })
  return true
}
