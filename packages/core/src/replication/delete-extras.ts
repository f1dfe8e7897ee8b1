import { isNexusError, NexusError } from '../contract/errors.ts'
import { parentPath, type Path, rootPath } from '../contract/paths.ts'
import { forEachConcurrently } from '../facade/for-each-concurrently.ts'
import { crossesBorder, hasMountBelow } from '../facade/mount-borders.ts'
import type { Finding } from './compare-sides.ts'
import { isAbove, type Item, takenItems } from './items.ts'
import { sourcePath, sourceSide, type SyncRun } from './sync-run.ts'

/** So many are found before the source is looked at again, which tells whether it was there when it did not show them. */
const maxFound = 100

/** A directory that only the target has, while what is in it is gone through. */
interface OpenDirectory {
  readonly item: Item
  /** Something in it stays, so it stays. */
  isKept: boolean
}

/**
 * Deletes what only the target has, directories after what was in them. A source that has gone shows nothing, and what it does not show may be there all
 * the same: nothing is deleted unless the source still holds something (or may be empty), and has nothing at its place.
 * @param wanted Keys of what is deleted although the source has something of another kind in its place.
 * @returns Those of them that are gone
 * @throws NexusError `precondition_failed` when nothing at the source takes part
 */
export async function deleteExtras(run: SyncRun, findings: AsyncIterable<Finding>, wanted: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const { options: { signal, concurrency = 8 } } = run
  const gone = new Set<string>()
  const extras = stillExtra(run, extrasInOrder(run, findings, wanted))
  for (let isDone = false; !isDone; ) {
    const directories: Item[] = []
    const files = filesUpToDirectory(extras, (item) => directories.push(item))
    await forEachConcurrently(files, { concurrency, signal }, (item, ownSignal) => deleteItem(run, item, ownSignal).then(() => undefined))
    // In its turn: the files in it are gone by now.
    for (const item of directories) if ((await deleteItem(run, item, signal)) && wanted.has(item.key)) gone.add(item.key)
    isDone = directories.length === 0
  }
  return gone
}

/** Leaves the source where it is for the next round. */
async function* filesUpToDirectory(extras: AsyncIterator<Item>, onDirectory: (item: Item) => void): AsyncGenerator<Item> {
  for (let step = await extras.next(); step.done !== true; step = await extras.next()) {
    if (step.value.entry.kind === 'directory') {
      onDirectory(step.value)
      return
    }
    yield step.value
  }
}

/** What is to be deleted, each directory after all that is in it; what takes no part keeps the directories above it. */
async function* extrasInOrder(run: SyncRun, findings: AsyncIterable<Finding>, wanted: ReadonlySet<string>): AsyncGenerator<Item> {
  const open: OpenDirectory[] = []
  for await (const finding of findings) {
    if (finding.found === 'both' || finding.found === 'source') continue
    const item = finding.target
    if (finding.found !== 'target' && !wanted.has(item.key)) continue
    yield* left(open, item)
    const isKept = !item.isTaken || holdsMount(run, item.entry.path)
    if (item.entry.kind === 'directory') open.push({ item, isKept })
    else if (!isKept) yield item
    else for (const directory of open) directory.isKept = true
  }
  yield* left(open)
}

function* left(open: OpenDirectory[], next?: Item): Generator<Item> {
  for (let last = open.at(-1); last !== undefined && (next === undefined || !isAbove(last.item, next)); last = open.at(-1)) {
    open.pop()
    if (!last.isKept) yield last.item
    else for (const directory of open) directory.isKept = true
  }
}

/** Gives extras on as long as there is a source that could have them. */
async function* stillExtra(run: SyncRun, extras: AsyncIterable<Item>): AsyncGenerator<Item> {
  const found: Item[] = []
  for await (const item of extras) {
    if (found.push(item) < maxFound) continue
    await refuseEmptySource(run)
    yield* found.splice(0)
  }
  if (found.length > 0) await refuseEmptySource(run)
  yield* found
}

async function refuseEmptySource(run: SyncRun): Promise<void> {
  if (run.options.allowEmptySource === true) return
  for await (const _ of takenItems(sourceSide({ ...run, part: rootPath }))) return
  const reason = 'Nothing is there that takes part in the sync, so everything would be deleted at the target. Look whether the storage is in its place; if it is, pass allowEmptySource: true.'
  throw new NexusError('precondition_failed', { op: 'syncTree', path: run.from, reason })
}

/** A mount point is never deleted, nor what it stands in. */
function holdsMount({ backend }: SyncRun, path: Path): boolean {
  return hasMountBelow(backend, path) || crossesBorder(backend, parentPath(path), path)
}

/** @returns Whether it is gone */
async function deleteItem(run: SyncRun, item: Item, signal: AbortSignal | undefined): Promise<boolean> {
  const { backend, options, tally } = run
  const { path, kind, sizeBytes } = item.entry
  try {
    if (await isAtSource(run, item, signal)) return false
    if (options.dryRun !== true) await backend.delete(path, { force: true, signal })
    tally.did({ type: 'delete', kind, path, ...(sizeBytes === undefined ? {} : { sizeBytes }) })
    return true
  } catch (error) {
    // Somebody put something into the directory, or the storage shows less than it keeps there: then it stays.
    if (kind === 'directory' && isNexusError(error, 'not_empty')) return false
    tally.survive(path, error)
    return false
  }
}

async function isAtSource(run: SyncRun, item: Item, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return (await run.backend.stat(sourcePath(run, item), { fresh: true, signal })).kind === item.entry.kind
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'not_directory')) return false
    throw error
  }
}
