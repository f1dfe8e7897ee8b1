import type { Backend } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import { type Path, rootPath, underPath } from '../contract/paths.ts'
import { forEachConcurrently } from '../facade/for-each-concurrently.ts'
import { bringAgain, bringFile } from './bring-file.ts'
import { compareSides, type Finding } from './compare-sides.ts'
import { deleteExtras } from './delete-extras.ts'
import { type Item, itemsOf, takenItems } from './items.ts'
import { isMade, makeWay, type Settled } from './make-way.ts'
import type { SyncOptions, SyncResult } from './sync-options.ts'
import { prepareRoots } from './prepare-roots.ts'
import { openPair, sourceSide, type SyncPair, type SyncRun, targetPath, targetSide } from './sync-run.ts'
import { createTally } from './tally.ts'

/**
 * Makes the directory `to` hold what `from` holds, by copying what differs: verified, inside the service where both lie in one, and each file as a whole.
 * Broken off and begun again it goes on, because what was copied is the same by then. Both listings are gone through side by side, so that memory
 * stays flat.
 * @returns What was done; a file for which it failed stands in `failures` and keeps nothing from the others, but from `delete`
 * @throws NexusError `not_found` or `not_directory` for the source, `invalid_argument` when one place lies in the other, and what concerns a storage as a whole
 */
export async function syncTree(backend: Backend, from: Path, { to, ...options }: { readonly to: Path } & SyncOptions): Promise<SyncResult> {
  const pair = await openPair(backend, from, { to, op: 'syncTree', ...options })
  return await syncPart(pair, rootPath)
}

/** One pass over a part of a pair: a file, a directory, or what is gone at the source. */
export async function syncPart(pair: SyncPair, part: Path): Promise<SyncResult> {
  const run: SyncRun = { ...pair, part, tally: createTally(pair.options) }
  const isAbsent = part === rootPath && (await prepareRoots(run))
  const target = (): AsyncGenerator<Item> => (isAbsent ? nothing() : itemsOf(targetSide(run)))
  const later = await bringAll(run, compareSides(takenItems(sourceSide(run)), target()))
  if (pair.options.delete === true && run.tally.counts.failed === 0 && later.hasExtras) {
    const findings = compareSides(takenItems(sourceSide(run)), target())
    await deleteLater(run, findings, later)
  }
  return run.tally.result()
}

async function deleteLater(run: SyncRun, findings: AsyncIterable<Finding>, { blocked, unneeded }: Later): Promise<void> {
  try {
    const gone = await deleteExtras(run, findings, new Set([...blocked.map(({ key }) => `${key}/`), ...unneeded]))
    for (const item of blocked) {
      if (gone.has(`${item.key}/`)) await bringOne(run, { found: 'source', source: item }, run.options.signal)
      else run.tally.survive(item.entry.path, occupied(run, item))
    }
  } catch (error) {
    if (!isNexusError(error, 'precondition_failed')) throw error
    run.tally.survive(run.from, error)
  }
}

async function* nothing(): AsyncGenerator<never> {
  // An absent target is as good as an empty one.
}

/** What is left for when everything else was brought. */
interface Later {
  /** Something is at the target that the source does not have. */
  hasExtras: boolean
  /** Files whose place a directory takes that has to be deleted first. */
  readonly blocked: Item[]
  /** Keys of files in the place of directories that nothing needs. */
  readonly unneeded: string[]
}

async function bringAll(run: SyncRun, findings: AsyncIterable<Finding>): Promise<Later> {
  const { options: { signal, concurrency = 8 } } = run
  const later: Later = { hasExtras: false, blocked: [], unneeded: [] }
  const onUnneeded = ({ key, isTaken }: Item): void => {
    later.hasExtras ||= isTaken
    later.unneeded.push(key)
  }
  await forEachConcurrently(settled(run, makeWay(run, findings, onUnneeded), later), { concurrency, signal }, async (finding, ownSignal) => {
    await bringOne(run, finding, ownSignal)
  })
  return later
}

/** Puts aside what is for later. */
async function* settled(run: SyncRun, findings: AsyncIterable<Settled>, later: Later): AsyncGenerator<Settled> {
  for await (const finding of findings) {
    if (finding.found === 'target') later.hasExtras ||= finding.target.isTaken
    else if (finding.found === 'directoryInTheWay' && isToDelete(run, finding)) {
      later.hasExtras = true
      if (finding.source.entry.metadata?.['symlink'] === undefined) later.blocked.push(finding.source)
      else run.tally.counts.links++
    } else yield finding
  }
}

function isToDelete({ options }: SyncRun, { target }: Extract<Finding, { found: 'directoryInTheWay' }>): boolean {
  return options.delete === true && !target.isEmpty && target.isTaken
}

async function bringOne(run: SyncRun, finding: Settled, signal: AbortSignal | undefined): Promise<void> {
  if (finding.found === 'target') return
  const { source } = finding
  try {
    if (source.entry.metadata?.['symlink'] !== undefined) run.tally.counts.links++
    else await bring(run, finding, signal ?? new AbortController().signal)
  } catch (error) {
    run.tally.survive(source.entry.path, error)
  }
}

async function bring(run: SyncRun, finding: Exclude<Settled, { found: 'target' }>, signal: AbortSignal): Promise<void> {
  const { source } = finding
  const bringing = { source: source.entry, to: targetPath(run, source), signal }
  if (source.entry.kind === 'directory') return finding.found === 'source' ? bringDirectory(run, source, signal) : undefined
  if (finding.found === 'both') return bringAgain(run, finding.target.entry, bringing)
  if (finding.found === 'directoryInTheWay') await clearDirectory(run, finding, signal)
  await bringFile(run, bringing)
}

/** Directories come with what is in them; an empty one has to be made. */
async function bringDirectory(run: SyncRun, item: Item, signal: AbortSignal): Promise<void> {
  const { backend, options, tally } = run
  if (!isMade(run, item)) return
  const path = targetPath(run, item)
  if (options.dryRun !== true) await backend.mkdir(path, { recursive: true, signal })
  tally.did({ type: 'mkdir', kind: 'directory', path })
}

async function clearDirectory(run: SyncRun, { source, target }: Extract<Finding, { found: 'directoryInTheWay' }>, signal: AbortSignal): Promise<void> {
  if (!target.isEmpty || !target.isTaken) throw occupied(run, source)
  if (run.options.dryRun !== true) await run.backend.delete(target.entry.path, { force: true, signal })
  run.tally.did({ type: 'delete', kind: 'directory', path: target.entry.path })
}

function occupied(run: SyncRun, item: Item): NexusError {
  const { delete: deletes } = run.options
  const reason = `At the target a directory stands in the place of this file, ${deletes === true ? 'with something in it that takes no part in the sync; delete it, or change the filter.' : 'and it is not empty; ask to delete what the source does not have, or delete it.'}`
  return new NexusError('is_directory', { op: 'syncTree', path: underPath(run.to, `/${item.key}` as Path), reason })
}
