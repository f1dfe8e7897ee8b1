import type { Body, FileContent, FileStat, WriteOptions } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { checkVariants } from './check-options.ts'
import { copyInService } from './copy-in-service.ts'
import { type Digester, type DigestAlgorithm, digestAlgorithm, openDigester } from './digester.ts'
import type { Move } from './move.ts'
import type { KernelMoveOptions } from './move-options.ts'
import { capabilitiesOf, type Place } from './place.ts'
import { readAt } from './read.ts'
import { writeAt } from './write.ts'

/** A body up to this many bytes passes in memory; a longer one as a stream. */
const wholeBytes = 256 * 1024

/** What is known of a file that was just copied. */
interface Passed {
  readonly source: FileStat
  readonly written: FileStat
  /** Digest of the bytes that passed. */
  readonly digest: string
}

/**
 * Copies one file to another place, inside the service where one service keeps both, else by streaming it through, with content type and (where the target keeps any) metadata, and verifies what arrived: by the
 * target's digest where it tells a comparable one, else by reading it back.
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
  await using content = await readAt(source, { ifMatch: options?.ifMatch, signal: options?.signal })
  const digester = await openDigester(digestAlgorithm(content.stat.digest) ?? 'blake3')
  const check = (): void => checkSource(source, content.stat, digester.digest())
  const body = await digestedBody(content, { digester, check, onPass: options?.onPass })
  const written = await writeAt(target, body, writeOptions(target, content.stat, options))
  return { source: content.stat, written, digest: digester.digest() }
}

function writeOptions(target: Place, { contentType, metadata, sizeBytes }: FileStat, options: Move['options']): WriteOptions {
  const keepsMetadata = capabilitiesOf(target).metadata && Object.keys(metadata).length > 0
  return { contentType, sizeBytes, ifNoneMatch: options?.ifNoneMatch, signal: options?.signal, ...(keepsMetadata ? { metadata } : {}) }
}

/** What happens to a body on its way. */
interface Passing {
  readonly digester: Digester
  /** Throws when what passed is not what was stored. */
  readonly check: () => void
  readonly onPass: KernelMoveOptions['onPass']
}

/** The body, taken into the digest as it passes; `check` runs before its end, so that a damaged source never becomes a stored copy. */
async function digestedBody(content: FileContent, { digester, check, onPass }: Passing): Promise<Body> {
  const { sizeBytes } = content.stat
  if (sizeBytes !== undefined && sizeBytes <= wholeBytes) {
    const bytes = await content.bytes()
    digester.update(bytes)
    check()
    await onPass?.(bytes.length)
    return bytes
  }
  const digesting = new TransformStream<Uint8Array, Uint8Array>({
    transform: async (chunk, controller) => {
      digester.update(chunk)
      await onPass?.(chunk.length)
      controller.enqueue(chunk)
    },
    flush: check,
  })
  return content.stream().pipeThrough(digesting)
}

function checkSource(source: Place, { digest }: FileStat, passed: string): void {
  if (digest === undefined || digestAlgorithm(digest) === undefined || digest === passed) return
  throw new NexusError('corrupt', {
    op: source.op,
    path: source.path,
    backend: source.mount.backend.scheme,
    reason: `It reads as ${passed}, but ${digest} was stored; run fsck.`,
  })
}

/** Whether two files hold the same bytes, by their digests where both tell a comparable one, else by reading. */
export async function isSameContent({ source, target, options }: Move, here: FileStat, there: FileStat): Promise<boolean> {
  if (here.sizeBytes !== undefined && there.sizeBytes !== undefined && here.sizeBytes !== there.sizeBytes) return false
  const algorithm = digestAlgorithm(here.digest) ?? digestAlgorithm(there.digest) ?? 'blake3'
  const digestOf = (place: Place, { digest }: FileStat): Promise<string> =>
    digest !== undefined && digestAlgorithm(digest) === algorithm ? Promise.resolve(digest) : readBack(place, algorithm, options?.signal)
  return (await digestOf(source, here)) === (await digestOf(target, there))
}

async function verify(target: Place, { written, digest, source }: Passed, signal: AbortSignal | undefined): Promise<void> {
  if (capabilitiesOf(target).fidelity === 'rendered') return
  const arrived = digestAlgorithm(written.digest) === digestAlgorithm(digest) ? written.digest : await readBack(target, digestAlgorithm(digest), signal)
  if (arrived === digest) return
  // What stands there is left alone: it may be what a stranger wrote after us.
  const reason = `The copy of ${source.path} arrived as ${arrived ?? 'nothing'} instead of ${digest}. The source is untouched; look at the copy and repeat.`
  throw new NexusError('corrupt', { op: target.op, path: target.path, backend: target.mount.backend.scheme, reason })
}

async function readBack(target: Place, algorithm: DigestAlgorithm | undefined, signal: AbortSignal | undefined): Promise<string> {
  const digester = await openDigester(algorithm ?? 'blake3')
  await using content = await readAt(target, { signal, fresh: true })
  const reader = content.stream().getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return digester.digest()
    digester.update(value)
  }
}
