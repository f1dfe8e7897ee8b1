import type { Backend, FileStat, WriteOptions } from '../contract/backend.ts'
import { isNexusError, NexusError } from '../contract/errors.ts'
import type { Path } from '../contract/paths.ts'
import { arrivedDigest, digestedBody, digestOfContent, type Passage } from '../kernel/digested-body.ts'

/** One file on its way from one storage to another; each knows it by its own path. */
export interface Carriage {
  readonly source: Pick<Backend, 'read'>
  readonly target: Pick<Backend, 'read' | 'write' | 'delete'>
  readonly from: Path
  readonly to: Path
  /** Of the source. */
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: '*' | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Copies bytes, content type and metadata, and compares what arrived with what was read. A copy that differs is taken away again.
 * @returns The stat of the copy.
 * @throws NexusError `corrupt` when source or copy do not match, `precondition_failed` by the conditions; the source is untouched
 */
export async function carryFile(carriage: Carriage): Promise<FileStat> {
  const { source, target, from, to, ifMatch, ifNoneMatch, signal } = carriage
  await using content = await source.read(from, { ifMatch, signal })
  const { contentType, metadata, sizeBytes } = content.stat
  const { body, digest } = await digestedBody(content, { op: 'read', path: from })
  let isVerified = false
  const onVerified = (): void => void (isVerified = true)
  const options: WriteOptions = { contentType, sizeBytes, ifNoneMatch, onVerified, signal, ...(Object.keys(metadata).length > 0 ? { metadata } : {}) }
  const written = await target.write(to, body, options)
  await verify(carriage, { written, isVerified, digest: digest() })
  return written
}

async function verify({ target, from, to, signal }: Carriage, passage: Passage): Promise<void> {
  const { written, digest } = passage
  const arrived = await arrivedDigest(passage, async (algorithm) => {
    await using content = await target.read(to, { ifMatch: written.etag, signal, fresh: true })
    return await digestOfContent(content, algorithm)
  })
  if (arrived === digest) return
  await withdraw(target, to, { ifMatch: written.etag, signal })
  const reason = `The copy of ${from} arrived as ${arrived ?? 'nothing'} instead of ${digest}. It was taken away and the source is untouched; repeat it.`
  throw new NexusError('corrupt', { op: 'write', path: to, reason })
}

/**
 * Deletes a copy in the state in which it is known. What is gone or was replaced meanwhile is somebody else's, and left alone.
 * @returns Whether it was deleted.
 */
export async function withdraw(
  target: Pick<Backend, 'delete'>,
  path: Path,
  options: { readonly ifMatch: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  try {
    await target.delete(path, options)
    return true
  } catch (error) {
    if (isNexusError(error, 'not_found') || isNexusError(error, 'precondition_failed')) return false
    throw error
  }
}
