import type { Backend } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type Path, rootPath, underPath } from '../contract/paths.ts'
import { forEachConcurrently } from '../facade/for-each-concurrently.ts'
import { bringAgain, bringFile } from './bring-file.ts'
import { compareSides, type Finding } from './compare-sides.ts'
import { deleteExtras } from './delete-extras.ts'
import { type Item, itemsOf, takenItems } from './items.ts'
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
  if (pair.options.delete !== true || run.tally.counts.failed > 0 || !later.hasExtras) return run.tally.result()
  if (part === rootPath && later.isSourceEmpty && pair.options.allowEmptySource !== true) {
    run.tally.survive(pair.from, emptySource(pair))
    return run.tally.result()
  }
  const deleted = await deleteExtras(run, compareSides(takenItems(sourceSide(run)), target()), new Set(later.blocked.map(({ key }) => `${key}/`)))
  for (const item of later.blocked) {
    if (deleted.has(`${item.key}/`)) await bringOne(run, { found: 'source', source: item }, run.options.signal)
    else run.tally.survive(item.entry.path, occupied(run, item))
  }
  return run.tally.result()
}

async function* nothing(): AsyncGenerator<never> {
  // An absent target is as good as an empty one.
}

/** What is left for when everything else was brought. */
interface Later {
  /** Something is at the target that the source does not have. */
  hasExtras: boolean
  isSourceEmpty: boolean
  /** Files whose place a directory takes that has to be deleted first. */
  readonly blocked: Item[]
}

async function bringAll(run: SyncRun, findings: AsyncIterable<Finding>): Promise<Later> {
  const { options: { signal, concurrency = 8 } } = run
  const later: Later = { hasExtras: false, isSourceEmpty: true, blocked: [] }
  await forEachConcurrently(settled(run, findings, later), { concurrency, signal }, async (finding, ownSignal) => {
    await bringOne(run, finding, ownSignal)
  })
  return later
}

/** Puts aside what is for later, and clears the place of a directory before anything in it is brought. */
async function* settled(run: SyncRun, findings: AsyncIterable<Finding>, later: Later): AsyncGenerator<Finding> {
  for await (const finding of findings) {
    later.isSourceEmpty &&= finding.found === 'target'
    if (finding.found === 'target') later.hasExtras ||= finding.target.isTaken
    else if (finding.found === 'fileInTheWay') await clearFile(run, finding.target)
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

async function clearFile(run: SyncRun, { entry, isTaken }: Item): Promise<void> {
  const { backend, options: { signal, dryRun }, tally } = run
  if (!isTaken) return
  try {
    if (dryRun !== true) await backend.delete(entry.path, { force: true, signal })
    tally.did({ type: 'delete', kind: 'file', path: entry.path, sizeBytes: entry.sizeBytes })
  } catch (error) {
    tally.survive(entry.path, error)
  }
}

async function bringOne(run: SyncRun, finding: Finding, signal: AbortSignal | undefined): Promise<void> {
  if (finding.found === 'target' || finding.found === 'fileInTheWay') return
  const { source } = finding
  try {
    if (source.entry.metadata?.['symlink'] !== undefined) run.tally.counts.links++
    else await bring(run, finding, signal ?? new AbortController().signal)
  } catch (error) {
    run.tally.survive(source.entry.path, error)
  }
}

async function bring(run: SyncRun, finding: Exclude<Finding, { found: 'target' | 'fileInTheWay' }>, signal: AbortSignal): Promise<void> {
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
  const path = targetPath(run, item)
  if (!item.isTaken || !item.isEmpty || !(backend.capabilitiesAt?.(path) ?? backend.capabilities).emptyDirectories) return
  if (options.dryRun !== true) await backend.mkdir(path, { recursive: true, signal })
  tally.did({ type: 'mkdir', kind: 'directory', path })
}

async function clearDirectory(run: SyncRun, { source, target }: Extract<Finding, { found: 'directoryInTheWay' }>, signal: AbortSignal): Promise<void> {
  if (!target.isEmpty || !target.isTaken) throw occupied(run, source)
  if (run.options.dryRun !== true) await run.backend.delete(target.entry.path, { force: true, signal })
  run.tally.did({ type: 'delete', kind: 'directory', path: target.entry.path })
}

function emptySource({ from }: SyncPair): NexusError {
  const reason = 'Nothing is there that takes part in the sync, so everything would be deleted at the target. Look whether the storage is in its place; if it is, pass allowEmptySource: true.'
  return new NexusError('precondition_failed', { op: 'syncTree', path: from, reason })
}

function occupied(run: SyncRun, item: Item): NexusError {
  const { delete: deletes } = run.options
  const reason = `At the target a directory stands in the place of this file, ${deletes === true ? 'with something in it that takes no part in the sync; delete it, or change the filter.' : 'and it is not empty; ask to delete what the source does not have, or delete it.'}`
  return new NexusError('is_directory', { op: 'syncTree', path: underPath(run.to, `/${item.key}` as Path), reason })
}
