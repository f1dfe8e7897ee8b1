import { constants } from 'node:fs'
import { join } from 'node:path'
import type { JournalContext, WriteTarget } from './context.ts'
import { readFully, syncDirectory } from './files.ts'
import type { Head } from './head.ts'
import { encodeSegmentHeader, segmentHeaderBytes } from './segment.ts'

const firstSegmentBytes = 1024 * 1024
const largestSegmentBytes = 16 * 1024 * 1024
const zeros = new Uint8Array(1024 * 1024)

/**
 * Ends the segment that is written and creates the next one, whole and durable. The old file is cut at its last commit before
 * that, so that a writer that has not heard of it finds the end of the file where it would go on. Only under the lock.
 * @param options.bytes Size of what must fit into it.
 * @returns The head that names the new segment, published.
 */
export async function roll(context: JournalContext, head: Head, { bytes, grow }: { readonly bytes: number; readonly grow: boolean }): Promise<Head> {
  const { environment, segments, layout } = context
  forgetTarget(context)
  await endSegment(context, head)
  const first = head.sequence + 1
  const before = grow && head.segment !== 0 ? segments.header(head.segment).sizeBytes : 0
  const sizeBytes = Math.max(Math.min(Math.max(before * 2, firstSegmentBytes), largestSegmentBytes), roundUp(segmentHeaderBytes + bytes))
  const temporary = await writeSegment(context, head, { first, sizeBytes })
  environment.onStep?.('segment-written')
  environment.files.rename(temporary, segments.path(first))
  environment.onStep?.('segment-renamed')
  await syncDirectory(environment.files, layout.journal)
  // From here on the old segment is history; a seal on it has done its work.
  const created = { ...head, next: first, sealed: false, generation: nextGeneration(head), synced: head.offset }
  context.head.write(created)
  await context.head.settle()
  segments.forget()
  environment.onStep?.('segment-ready')
  return { ...created, sameBoot: true }
}

/** Opens the segment that `head` says is to be written. Only under the lock. */
export function openTarget(context: JournalContext, head: Head): WriteTarget {
  forgetTarget(context)
  const segment = head.next === 0 ? head.segment : head.next
  const fd = context.segments.open(segment, constants.O_RDWR)
  const target = { fd, segment, sizeBytes: context.environment.files.fstat(fd).size, generation: head.generation }
  context.target = target
  return target
}

/** Gives the write descriptor back: it is never used again. */
export function forgetTarget(context: JournalContext): void {
  if (context.target !== undefined) context.environment.files.close(context.target.fd)
  context.target = undefined
}

/** The number after this one, in 31 bits. */
export function nextGeneration(head: Pick<Head, 'generation'>): number {
  return (head.generation + 1) % 0x7fff_fff0
}

/** Cuts the written segment at the end of what counts and makes it durable. */
async function endSegment(context: JournalContext, head: Head): Promise<void> {
  if (head.next !== 0) return cutSegment(context, head.next, { offset: segmentHeaderBytes, sync: false })
  if (head.segment === 0) return
  if (head.sealed && head.synced < head.offset) return rewriteSegment(context, head)
  try {
    await cutSegment(context, head.segment, { offset: head.offset, sync: !head.sealed })
  } catch (error) {
    context.head.write({ ...head, sealed: true })
    throw error
  }
}

/** Makes a segment end at `offset`, and that durable when `sync` is asked. */
async function cutSegment({ environment: { files }, segments }: JournalContext, segment: number, { offset, sync }: { offset: number; sync: boolean }): Promise<void> {
  const fd = segments.open(segment, constants.O_RDWR)
  try {
    if (files.fstat(fd).size > offset) files.truncate(fd, offset)
    if (sync) await files.fsync(fd)
  } finally {
    files.close(fd)
  }
}

/**
 * Puts a fresh copy in the place of a segment whose sync failed: after that failure the kernel calls its pages clean although they never reached
 * the disk, so that no later sync of the same file proves anything (https://wiki.postgresql.org/wiki/Fsync_Errors). Only under the lock.
 */
export async function rewriteSegment(context: JournalContext, head: Pick<Head, 'segment' | 'offset'>): Promise<void> {
  const { environment: { files }, segments, layout } = context
  // A writer that still holds the old file must find that it ends.
  await cutSegment(context, head.segment, { offset: head.offset, sync: false })
  const source = segments.open(head.segment)
  try {
    const bytes = await readFully(files, source, { offset: 0, length: head.offset })
    const temporary = await writeWhole(context, [bytes])
    files.rename(temporary, segments.path(head.segment))
    await syncDirectory(files, layout.journal)
  } finally {
    files.close(source)
  }
}

async function writeSegment(context: JournalContext, head: Head, { first, sizeBytes }: { first: number; sizeBytes: number }): Promise<string> {
  const previous = head.sequence === 0 ? null : { segment: head.segment, sequence: head.sequence, offset: head.offset, recordCrc: head.recordCrc }
  const header = { repository: context.repository(), first, sizeBytes, epoch: context.environment.bootId, previous }
  const chunks: Uint8Array[] = [encodeSegmentHeader(header, context.codec)]
  for (let left = sizeBytes - segmentHeaderBytes; left > 0; left -= zeros.length) chunks.push(zeros.subarray(0, Math.min(left, zeros.length)))
  return writeWhole(context, chunks)
}

/** @returns Path of a new, durable file that holds the chunks. */
async function writeWhole(context: JournalContext, chunks: readonly Uint8Array[]): Promise<string> {
  const { environment: { files }, scratch } = context
  const path = join(scratch(), 'segment')
  const fd = files.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644)
  try {
    let at = 0
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.length; ) done += await files.writeAway(fd, chunk, done, chunk.length - done, at + done)
      at += chunk.length
    }
    await files.fsync(fd)
  } catch (error) {
    files.close(fd)
    files.unlink(path)
    throw error
  }
  files.close(fd)
  return path
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096
}
