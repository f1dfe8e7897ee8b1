import { isNexusError } from '../contract/errors.ts'
import { parentPath, type Path } from '../contract/paths.ts'
import { forEachConcurrently } from '../facade/for-each-concurrently.ts'
import { crossesBorder, hasMountBelow } from '../facade/mount-borders.ts'
import type { Finding } from './compare-sides.ts'
import { isAbove, type Item } from './items.ts'
import type { SyncRun } from './sync-run.ts'

/** A directory that only the target has, while what is in it is gone through. */
interface OpenDirectory {
  readonly item: Item
  /** Something in it stays, so it stays. */
  isKept: boolean
}

/**
 * Deletes what only the target has, directories after what was in them.
 * @param wanted Keys of directories whose deletion somebody waits for.
 * @returns Those of them that are gone
 */
export async function deleteExtras(run: SyncRun, findings: AsyncIterable<Finding>, wanted: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const { options: { signal, concurrency = 8 } } = run
  const gone = new Set<string>()
  const extras = extrasInOrder(run, findings, wanted)
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
    const isExtra = finding.found === 'target' || (finding.found === 'directoryInTheWay' && wanted.has(finding.target.key))
    if (!isExtra) continue
    const item = finding.target
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

/** A mount point is never deleted, nor what it stands in. */
function holdsMount({ backend }: SyncRun, path: Path): boolean {
  return hasMountBelow(backend, path) || crossesBorder(backend, parentPath(path), path)
}

/** @returns Whether it is gone */
async function deleteItem({ backend, options, tally }: SyncRun, { entry: { path, kind, sizeBytes } }: Item, signal: AbortSignal | undefined): Promise<boolean> {
  try {
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
