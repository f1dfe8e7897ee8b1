import type { Body, FileContent, FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type DigestAlgorithm, digestAlgorithm, openDigester } from './digester.ts'
import type { KernelMoveOptions } from './move-options.ts'

/** A body up to this many bytes passes in memory; a longer one as a stream. */
const wholeBytes = 256 * 1024

/** A body on its way to another place. */
export interface DigestedBody {
  readonly body: Body
  /** Of the bytes that passed, in the algorithm in which the source tells its own, else BLAKE3; to be asked when the body was taken. */
  readonly digest: () => string
}

/** Where the body comes from, for messages, and who watches it. */
export interface PassingOptions {
  readonly op: string
  readonly path: string
  readonly backend?: string | undefined
  readonly onPass?: KernelMoveOptions['onPass']
}

/**
 * The body of a file, taken into a digest as it passes. A source that does not hold what it says fails with `corrupt` before the body's end, so that it
 * never becomes a stored copy.
 */
export async function digestedBody(content: FileContent, { op, path, backend, onPass }: PassingOptions): Promise<DigestedBody> {
  const { sizeBytes, digest: stored } = content.stat
  const digester = await openDigester(digestAlgorithm(stored) ?? 'blake3')
  const digest = (): string => digester.digest()
  const check = (): void => {
    if (digestAlgorithm(stored) === undefined || stored === digest()) return
    throw new NexusError('corrupt', { op, path, backend, reason: `It reads as ${digest()}, but ${stored ?? 'nothing'} was stored; run fsck.` })
  }
  if (sizeBytes !== undefined && sizeBytes <= wholeBytes) {
    const bytes = await content.bytes()
    digester.update(bytes)
    check()
    await onPass?.(bytes.length)
    return { body: bytes, digest }
  }
  const digesting = new TransformStream<Uint8Array, Uint8Array>({
    transform: async (chunk, controller) => {
      digester.update(chunk)
      await onPass?.(chunk.length)
      controller.enqueue(chunk)
    },
    flush: check,
  })
  return { body: content.stream().pipeThrough(digesting), digest }
}

/** A body that was written. */
export interface Passage {
  /** Of the bytes that passed. */
  readonly digest: string
  readonly written: FileStat
  /** Whether the storage said so itself, as `onVerified` of a write. */
  readonly isVerified: boolean
}

/** The digest of what arrived: the one that the storage tells, else that of what passed where the storage compared a checksum, else by reading it back. */
export async function arrivedDigest({ digest, written, isVerified }: Passage, readBack: (algorithm: DigestAlgorithm) => Promise<string>): Promise<string | undefined> {
  const algorithm = digestAlgorithm(digest) ?? 'blake3'
  if (digestAlgorithm(written.digest) === algorithm) return written.digest
  return isVerified ? digest : await readBack(algorithm)
}

/** Reads a content to its end. @returns Its digest. */
export async function digestOfContent(content: FileContent, algorithm: DigestAlgorithm, onRead?: KernelMoveOptions['onPass']): Promise<string> {
  const digester = await openDigester(algorithm)
  for await (const chunk of content.stream()) {
    await onRead?.(chunk.length)
    digester.update(chunk)
  }
  return digester.digest()
}

/** A file that is compared with another one. */
export interface Compared {
  readonly stat: Pick<FileStat, 'sizeBytes' | 'digest'>
  /** Reads it, where its own digest does not tell. */
  readonly digestBy: (algorithm: DigestAlgorithm) => Promise<string>
}

/** Whether two files hold the same bytes: by their sizes, by digests of one algorithm where both tell them, else by reading. */
export async function holdSameBytes(left: Compared, right: Compared): Promise<boolean> {
  const [here, there] = [left.stat, right.stat]
  if (here.sizeBytes !== undefined && there.sizeBytes !== undefined && here.sizeBytes !== there.sizeBytes) return false
  const algorithm = digestAlgorithm(here.digest) ?? digestAlgorithm(there.digest) ?? 'blake3'
  const digestOf = async ({ stat, digestBy }: Compared): Promise<string> =>
    stat.digest !== undefined && digestAlgorithm(stat.digest) === algorithm ? stat.digest : digestBy(algorithm)
  const [one, other] = await Promise.all([digestOf(left), digestOf(right)])
  return one === other
}
