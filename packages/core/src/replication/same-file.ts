import type { Backend, CallOptions, Entry, MetadataPatch } from '../contract/backend.ts'
import type { Path } from '../contract/paths.ts'
import { type Compared, digestOfContent, holdSameBytes } from '../kernel/digested-body.ts'
import { digestAlgorithm } from '../kernel/digester.ts'
import type { Throttle } from './throttle.ts'

/** How two files are compared. */
interface Comparison extends CallOptions {
  readonly backend: Backend
  /** Reads where sizes and times would do. */
  readonly checksum: boolean
  /** Reads where only times say that both are the same. */
  readonly doubtsTimes?: boolean | undefined
  readonly throttle: Throttle | undefined
}

/**
 * Whether the target's file has the content of the source's. Asked in this order: sizes, digests of one algorithm, whether the target was written
 * after the source changed last; where these do not tell, both are read. What the times cannot show is a source that was changed and given an
 * older time again with the same size; `checksum` finds it.
 */
export async function isSameContent(comparison: Comparison, source: Entry, target: Entry): Promise<boolean> {
  if (target.metadata?.['symlink'] !== undefined) return false
  // Such a document reads back differently each time it is copied: only times can say anything.
  if (isRendered(comparison.backend, source.path) || isRendered(comparison.backend, target.path)) return isWrittenAfter(source, target) === true
  const areSizesKnown = source.sizeBytes !== undefined && target.sizeBytes !== undefined
  if (areSizesKnown && source.sizeBytes !== target.sizeBytes) return false
  const algorithm = digestAlgorithm(source.digest)
  if (algorithm !== undefined && algorithm === digestAlgorithm(target.digest)) return source.digest === target.digest
  const byTime = areSizesKnown && !comparison.checksum ? isWrittenAfter(source, target) : undefined
  if (byTime === undefined || (byTime && comparison.doubtsTimes)) return readsSame(comparison, source, target)
  return byTime
}

/** `undefined` where the times are not known, or too close to tell. */
function isWrittenAfter({ modifiedAt: source }: Entry, { modifiedAt: target }: Entry): boolean | undefined {
  if (source === undefined || target === undefined) return undefined
  const [changed, written] = [source.getTime(), target.getTime()]
  // Whole seconds are what some services round down to.
  if (written > changed + (changed % 1000 === 0 ? 999 : 0)) return true
  return written < changed ? false : undefined
}

function readsSame({ backend, throttle, signal }: Comparison, source: Entry, target: Entry): Promise<boolean> {
  const compared = (file: Entry): Compared => ({
    stat: file,
    digestBy: async (algorithm) => {
      await using content = await backend.read(file.path, { fresh: true, signal })
      return await digestOfContent(content, algorithm, throttle && ((bytes) => throttle.take(bytes, signal)))
    },
  })
  return holdSameBytes(compared(source), compared(target))
}

function isRendered(backend: Backend, path: Path): boolean {
  return (backend.capabilitiesAt?.(path) ?? backend.capabilities).fidelity === 'rendered'
}

/** What has to change in the target's metadata; `undefined` for nothing, and where listings do not tell metadata or the target keeps none. */
export function metadataPatch(backend: Backend, source: Entry, target: Entry): MetadataPatch | undefined {
  const { metadata: keepsMetadata } = backend.capabilitiesAt?.(target.path) ?? backend.capabilities
  if (!keepsMetadata || source.metadata === undefined || target.metadata === undefined) return undefined
  const names = new Set([...Object.keys(source.metadata), ...Object.keys(target.metadata)])
  const patch: Record<string, string | null> = {}
  for (const name of names) {
    const [wanted, there] = [source.metadata[name], target.metadata[name]]
    // Which bits beside the executable ones are kept is the storage's affair.
    const isSame = name === 'mode' ? (wanted === undefined) === (there === undefined) : wanted === there
    if (!isSame && name !== 'symlink') patch[name] = wanted ?? null
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}
