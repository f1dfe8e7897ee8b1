import { NexusError } from '../contract/errors.ts'
import { type Path, rootPath } from '../contract/paths.ts'
import { compareSides, type Finding } from '../replication/compare-sides.ts'
import { itemsOf, takenItems } from '../replication/items.ts'
import { isSameContent } from '../replication/same-file.ts'
import { sourceSide, type SyncPair, targetSide } from '../replication/sync-run.ts'
import { createTally } from '../replication/tally.ts'

/** What two storages hold that hold the same. */
export interface Verified {
  readonly files: number
  readonly directories: number
  readonly bytes: number
}

/**
 * Goes through both storages and compares names, kinds and sizes, digests where both tell them, and with `checksum` contents.
 * @throws NexusError `precondition_failed`, naming the first difference
 */
export async function verifySides(pair: SyncPair, { checksum, signal }: { readonly checksum: boolean; readonly signal: AbortSignal }): Promise<Verified> {
  const run = { ...pair, part: rootPath, tally: createTally(pair.options) }
  const { emptyDirectories } = pair.backend.capabilitiesAt?.(pair.to) ?? pair.backend.capabilities
  const counts = { files: 0, directories: 0, bytes: 0 }
  for await (const finding of compareSides(takenItems(sourceSide(run)), itemsOf(targetSide(run)))) {
    const { entry } = finding.found === 'target' ? finding.target : finding.source
    if (finding.found !== 'target' && entry.metadata?.['symlink'] !== undefined) continue
    // What is in a directory is compared itself, and one in which nothing takes part need not be there.
    if (finding.found === 'source' && entry.kind === 'directory' && !(finding.source.isEmpty && emptyDirectories)) continue
    const isSame = await isFoundSame(pair, finding, { checksum, signal })
    if (!isSame) throw differs(entry.path)
    if (entry.kind === 'directory') counts.directories++
    else counts.files++
    counts.bytes += entry.sizeBytes ?? 0
  }
  return counts
}

async function isFoundSame({ backend, throttle }: SyncPair, finding: Finding, { checksum, signal }: { readonly checksum: boolean; readonly signal: AbortSignal }): Promise<boolean> {
  if (finding.found !== 'both') return false
  const [source, target] = [finding.source.entry, finding.target.entry]
  if (source.kind === 'directory') return true
  if (checksum) return await isSameContent({ backend, checksum, throttle, signal }, source, target)
  const isSameSize = source.sizeBytes === undefined || target.sizeBytes === undefined || source.sizeBytes === target.sizeBytes
  const algorithm = (digest: string | undefined): string | undefined => digest?.slice(0, digest.indexOf(':'))
  return isSameSize && (source.digest === undefined || algorithm(source.digest) !== algorithm(target.digest) || source.digest === target.digest)
}

function differs(path: Path): NexusError {
  const reason = 'It is not the same in both storages. Somebody else changes one of them: look who, and migrate again; it goes on where it was.'
  return new NexusError('precondition_failed', { op: 'migrate', path, reason })
}
