import type { Finding } from './compare-sides.ts'
import type { Item } from './items.ts'
import { type SyncRun, targetPath } from './sync-run.ts'

/** What is left to be brought or deleted once files are out of the way of directories. */
export type Settled = Exclude<Finding, { readonly found: 'fileInTheWay' }>

/**
 * Deletes a file in the place of a directory right before the first thing is brought that needs the directory.
 * @param onUnneeded Told of a file that stays because nothing does.
 */
export async function* makeWay(run: SyncRun, findings: AsyncIterable<Finding>, onUnneeded: (file: Item) => void): AsyncGenerator<Settled> {
  let inTheWay: Item | undefined
  const leave = (): void => {
    if (inTheWay !== undefined) onUnneeded(inTheWay)
    inTheWay = undefined
  }
  for await (const finding of findings) {
    if (finding.found === 'fileInTheWay') {
      leave()
      inTheWay = finding.target
      continue
    }
    if (inTheWay !== undefined && finding.found !== 'target') {
      if (!finding.source.key.startsWith(`${inTheWay.key}/`)) leave()
      else if (needsDirectory(run, finding.source)) {
        await clearFile(run, inTheWay)
        inTheWay = undefined
      }
    }
    yield finding
  }
  leave()
}

function needsDirectory(run: SyncRun, source: Item): boolean {
  return source.entry.kind === 'directory' ? isMade(run, source) : source.entry.metadata?.['symlink'] === undefined
}

/** Whether a directory is made as such: others come with what is in them. */
export function isMade(run: SyncRun, directory: Item): boolean {
  const { backend } = run
  return directory.isTaken && directory.isEmpty && (backend.capabilitiesAt?.(targetPath(run, directory)) ?? backend.capabilities).emptyDirectories
}

async function clearFile({ backend, options: { signal, dryRun }, tally }: SyncRun, { entry, isTaken }: Item): Promise<void> {
  if (!isTaken) return
  try {
    if (dryRun !== true) await backend.delete(entry.path, { force: true, signal })
    tally.did({ type: 'delete', kind: 'file', path: entry.path, sizeBytes: entry.sizeBytes })
  } catch (error) {
    tally.survive(entry.path, error)
  }
}
