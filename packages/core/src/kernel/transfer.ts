import type { FileStat, WriteOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { checkVariants } from './check-options.ts'
import { copyInService } from './copy-in-service.ts'
import { arrivedDigest, type Compared, digestedBody, digestOfContent, holdSameBytes, type Passage } from './digested-body.ts'
import type { DigestAlgorithm } from './digester.ts'
import type { Move } from './move.ts'
import { capabilitiesOf, type Place } from './place.ts'
import { readAt } from './read.ts'
import { writeAt } from './write.ts'

/** A file that was just copied. */
interface Passed extends Passage {
  readonly source: FileStat
}

/**
 * Copies one file to another place, inside the service where one service keeps both, else by streaming it through, with content type and (where the
 * target keeps any) metadata, and verifies what arrived: by the target's digest where it tells a comparable one, by the service's checksum where it
 * compared one, else by reading it back.
 * @throws NexusError `corrupt` when source or copy do not match; the source is untouched
 */
export async function transferFile(move: Move, before: FileStat): Promise<FileStat> {
  const copied = move.source.mount === move.target.mount ? undefined : await copyInService(move, before)
  if (copied !== undefined) return copied
  const passed = await pass(move)
  await verify(move.target, passed, move.options?.signal)
  return passed.written
}

/** @throws NexusError `unsupported` when the file has metadata that the target would lose */
export function refuseMetadataLoss({ target }: Move, metadata: FileStat['metadata']): void {
  if (Object.keys(metadata).length > 0) checkVariants(target, { metadata })
}

async function pass({ source, target, options }: Move): Promise<Passed> {
  // Past the caches, which keep what is read again; a repository would look at its journal for each file, and is left to its index.
  const fresh = capabilitiesOf(source).layout !== 'cas'
  await using content = await readAt(source, { ifMatch: options?.ifMatch, fresh, signal: options?.signal })
  const { body, digest } = await digestedBody(content, { op: source.op, path: source.path, backend: source.mount.backend.scheme, onPass: options?.onPass })
  let isVerified = false
  const onVerified = (): void => void (isVerified = true)
  const written = await writeAt(target, body, { ...writeOptions(target, content.stat, options), onVerified })
  return { source: content.stat, written, isVerified, digest: digest() }
}

function writeOptions(target: Place, { contentType, metadata, sizeBytes }: FileStat, options: Move['options']): WriteOptions {
  const keepsMetadata = capabilitiesOf(target).metadata && Object.keys(metadata).length > 0
  return { contentType, sizeBytes, ifMatch: options?.ifTargetMatch, ifNoneMatch: options?.ifNoneMatch, signal: options?.signal, ...(keepsMetadata ? { metadata } : {}) }
}

/** Whether source and target hold the same bytes. */
export function isSameContent({ source, target, options }: Move, here: FileStat, there: FileStat): Promise<boolean> {
  const compared = (place: Place, stat: FileStat): Compared => ({ stat, digestBy: (algorithm) => readBack(place, algorithm, options?.signal) })
  return holdSameBytes(compared(source, here), compared(target, there))
}

async function verify(target: Place, passed: Passed, signal: AbortSignal | undefined): Promise<void> {
  if (capabilitiesOf(target).fidelity === 'rendered') return
  const { source, digest } = passed
  const arrived = await arrivedDigest(passed, (algorithm) => readBack(target, algorithm, signal))
  if (arrived === digest) return
  // What stands there is left alone: it may be what a stranger wrote after us.
  const reason = `The copy of ${source.path} arrived as ${arrived ?? 'nothing'} instead of ${digest}. The source is untouched; look at the copy and repeat.`
  throw new NexusError('corrupt', { op: target.op, path: target.path, backend: target.mount.backend.scheme, reason })
}

async function readBack(target: Place, algorithm: DigestAlgorithm, signal: AbortSignal | undefined): Promise<string> {
  await using content = await readAt(target, { signal, fresh: true })
  return await digestOfContent(content, algorithm)
}
