import { type CallOptions, type InlineLocation, isNexusError, type JournalEntry, type JournalPosition, type MaybePromise, recordPreludeBytes } from '@nexus/core/contract'
import { performance } from 'node:perf_hooks'
import type { JournalContext } from './context.ts'
import { toEntry } from './entries.ts'
import { corrupt, toNexusError } from './errors.ts'
import { readFully, readFullyNow } from './files.ts'
import type { Head } from './head.ts'
import { lookWithoutLock, recover, writtenSegment } from './recover.ts'
import { segmentHeaderBytes } from './segment.ts'

/** After so long a head file that was deleted is noticed by a process that only reads, in milliseconds. */
const recheckMs = 50
const chunkBytes = 1024 * 1024

/** What `newer` and its kin need: the published head, found again when it cannot be read. */
export interface HeadReader {
  /** At once when the head file tells. @param atLeast Sequence that the caller knows to be published. */
  read(atLeast: number, options: CallOptions): MaybePromise<Head>
}

/** @param context Whose head is read. */
export function createHeadReader(context: JournalContext): HeadReader {
  let checkedAt = 0
  let isFirst = true
  return {
    read: (atLeast, options) => {
      const now = performance.now()
      if (now - checkedAt > recheckMs) {
        checkedAt = now
        context.head.refresh()
      }
      const head = context.head.read()
      const looksBehind = isFirst
      isFirst = false
      if (head?.sameBoot !== true) return restoreHead(context, atLeast, options)
      return looksBehind && isFollowed(context, head) ? publishRest(context, head) : head
    },
  }
}

/** Finds the published end of the journal under the lock; where nothing can be written, without it. */
async function restoreHead(context: JournalContext, atLeast: number, { signal }: CallOptions): Promise<Head> {
  if (context.segments.list().length === 0) return lookWithoutLock(context)
  try {
    await context.lock.acquire(signal)
  } catch (error) {
    if (isNexusError(error, 'read_only')) return lookWithoutLock(context)
    throw error
  }
  try {
    return await recover(context, atLeast)
  } catch (error) {
    if (isNexusError(error)) throw error
    throw toNexusError(error, 'journal', context.layout.journal)
  } finally {
    context.lock.release()
  }
}

/** Whether something stands behind the published end: a commit on its way, or one whose writer died before it published it. */
function isFollowed({ segments, environment: { files } }: JournalContext, head: Head): boolean {
  const segment = writtenSegment(head)
  if (head.sealed || segment === 0) return false
  const fd = segments.open(segment)
  try {
    return readFullyNow(files, fd, { offset: head.next === 0 ? head.offset : segmentHeaderBytes, length: 4 }).some((value) => value !== 0)
  } finally {
    files.close(fd)
  }
}

/**
 * Publishes what a writer that died has left, as the next commit would: who opens a repository and sees a file absent must not have it appear by
 * another's write. A living writer holds the lock, and publishes by itself; what is damaged is told to the next who commits.
 */
async function publishRest(context: JournalContext, head: Head): Promise<Head> {
  try {
    if (!context.lock.tryAcquire()) return head
  } catch (error) {
    if (isNexusError(error, 'read_only')) return head
    throw error
  }
  try {
    return await recover(context, head.sequence)
  } catch (error) {
    if (isNexusError(error, 'corrupt')) return head
    throw toNexusError(error, 'journal', context.layout.journal)
  } finally {
    context.lock.release()
  }
}

/** The entry that ends at `position`; walks the segment's records from its beginning. */
export async function entryEndingAt(context: JournalContext, position: JournalPosition, head: Head): Promise<JournalEntry | undefined> {
  const { segments, environment: { files }, codec } = context
  if (position.sequence < 1 || position.sequence > head.sequence || !segments.known(head.generation).includes(position.segment)) return undefined
  if (position.offset > segments.endOf(position.segment, head)) return undefined
  const fd = segments.open(position.segment)
  try {
    const offset = await findRecord(context, fd, position)
    if (offset === undefined) return undefined
    const record = await readFully(files, fd, { offset, length: Math.min(position.offset - offset, recordPreludeBytes + headerBytes(context, fd, offset)) })
    if (!codec.verifyHeader(record)) throw corrupt(segments.path(position.segment), `The header of commit ${position.sequence}, at byte ${offset}, is damaged.`)
    return toEntry(codec, record, { segment: position.segment, offset })
  } finally {
    files.close(fd)
  }
}

function headerBytes({ codec, environment }: JournalContext, fd: number, offset: number): number {
  return codec.prelude(readFullyNow(environment.files, fd, { offset, length: recordPreludeBytes }))?.headerBytes ?? 0
}

/** Offset of the record of that sequence that ends at that offset; lengths alone lead the way. */
async function findRecord({ codec, environment: { files } }: JournalContext, fd: number, position: JournalPosition): Promise<number | undefined> {
  let at = segmentHeaderBytes
  let chunkAt = at
  let chunk: Uint8Array = new Uint8Array()
  while (at < position.offset) {
    if (at + recordPreludeBytes > chunkAt + chunk.length) {
      chunkAt = at
      chunk = await readFully(files, fd, { offset: at, length: Math.min(chunkBytes, position.offset - at) })
    }
    const found = codec.prelude(chunk.subarray(at - chunkAt))
    if (found === undefined) return undefined
    if (at + found.recordBytes === position.offset) return found.sequence === position.sequence ? at : undefined
    at += found.recordBytes
  }
  return undefined
}

/** Bytes of an inline content, unchecked. @throws NexusError `not_found`, `corrupt` */
export function readInlineContent(context: JournalContext, { segment, offset, sizeBytes }: InlineLocation): Uint8Array {
  const { segments, environment } = context
  const path = segments.path(segment)
  try {
    const bytes = readFullyNow(environment.files, segments.reader(segment), { offset, length: sizeBytes })
    if (bytes.length < sizeBytes) throw corrupt(path, `A content of ${sizeBytes} bytes is asked for at byte ${offset}, and the segment ends before it.`)
    return bytes
  } catch (error) {
    throw toNexusError(error, 'read', path)
  }
}
