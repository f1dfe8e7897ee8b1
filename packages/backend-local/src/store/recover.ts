import { recordFlagFsync } from '@nexus/core/contract'
import type { JournalContext } from './context.ts'
import { corrupt } from './errors.ts'
import { isSystemError, readFully, readFullyNow, syncDirectory } from './files.ts'
import type { Head } from './head.ts'
import { nextGeneration, openTarget, rewriteSegment, roll } from './roll.ts'
import { type Scan, scanRecords } from './scan.ts'
import { type SegmentHeader, segmentHeaderBytes } from './segment.ts'

/**
 * Finds out where the journal goes on, when the head file alone cannot tell: it is absent, damaged or of another boot, a process died
 * between its commit and its publication, or a write failed. Whole records that nobody published are made durable and published. Only under the lock.
 * @param atLeast Sequence that the caller knows to be published; on the same boot nothing below it may be missing.
 * @returns The head as it is now published, with the write target open.
 * @throws NexusError `corrupt`, with nothing changed
 */
export async function recover(context: JournalContext, atLeast: number): Promise<Head> {
  context.head.refresh()
  context.segments.forget()
  const found = context.head.read()
  const names = context.segments.list()
  const last = names.at(-1)
  if (last === undefined) return startHead(context, found)
  const header = checkHeader(context, last)
  const isSealed = found?.sealed === true && writtenSegment(found) === last
  if (isSealed && found.sameBoot) return openAt(context, await roll(context, found, { bytes: 0, grow: false }))
  const known = found?.sameBoot === true && isCurrent(found, names) ? { ...found, next: found.next === last ? last : 0 } : undefined
  const base = known ?? baseOf(header, found)
  const scan = await scanSegment(context, last, { base, isKnown: known !== undefined, limit: isSealed ? sealOf(found) : undefined })
  const isBootChanged = found === undefined ? header.epoch !== context.environment.bootId : !found.sameBoot
  checkScan(context, scan, { last, isBootChanged, atLeast })
  const isUnchanged = known !== undefined && scan.isClean && scan.recordCrc === undefined
  const head = isUnchanged ? await adopt(context, known, found) : await publishScan(context, { base, scan, last })
  return openAt(context, scan.isClean && !isSealed ? head : await roll(context, head, { bytes: 0, grow: false }))
}

/** Where the journal ends, without lock and without a change: for media that cannot be written. */
export async function lookWithoutLock(context: JournalContext): Promise<Head> {
  context.segments.forget()
  const last = context.segments.list().at(-1)
  if (last === undefined) return emptyHead
  const base = baseOf(checkHeader(context, last), undefined)
  return afterScan(base, await scanSegment(context, last, { base, isKnown: false }), last)
}

const emptyHead: Head = { sameBoot: true, sequence: 0, segment: 0, offset: 0, synced: 0, next: 0, sealed: false, generation: 0, recordCrc: 0 }

/** The segment that a head says is written. */
export function writtenSegment(head: Pick<Head, 'next' | 'segment'>): number {
  return head.next === 0 ? head.segment : head.next
}

function startHead(context: JournalContext, found: Head | undefined): Head {
  if (found !== undefined && found.sequence > 0) throw corrupt(context.layout.journal, `The journal is empty, but ${found.sequence} commits were published.`)
  return { ...emptyHead, generation: found === undefined ? 0 : nextGeneration(found) }
}

function checkHeader(context: JournalContext, last: number): SegmentHeader {
  const header = context.segments.header(last)
  if (header.repository !== context.repository()) {
    throw corrupt(context.segments.path(last), `The segment belongs to repository ${header.repository}, not to ${context.repository()}.`)
  }
  return header
}

/** Whether the head names the last segment, as the one that holds the last commit or as the next one. */
function isCurrent(head: Head, names: readonly number[]): boolean {
  const last = names.at(-1)
  if (head.sequence > 0 && !names.includes(head.segment)) return false
  return last === head.next || last === head.segment
}

/** The journal at the beginning of a segment, as the segment's header says. */
function baseOf(header: SegmentHeader, found: Head | undefined): Head {
  const { previous } = header
  const generation = found === undefined ? Math.floor(Math.random() * 0x3fff_ffff) : nextGeneration(found)
  const before = previous === null ? emptyHead : { ...emptyHead, ...previous, synced: previous.offset }
  return { ...before, next: header.first, generation }
}

interface ScanRange {
  readonly base: Head
  /** The base was published on this boot: then a write that was begun has its first bytes in the file, and the rest need not be read. */
  readonly isKnown: boolean
  /** What stands from there on does not count. */
  readonly limit?: number | undefined
}

async function scanSegment({ environment: { files }, segments, codec }: JournalContext, last: number, { base, isKnown, limit }: ScanRange): Promise<Scan> {
  const offset = base.segment === last ? base.offset : segmentHeaderBytes
  const fd = segments.open(last)
  try {
    const length = Math.max(0, Math.min(limit ?? Infinity, files.fstat(fd).size) - offset)
    const isUntouched = isKnown && readFullyNow(files, fd, { offset, length: Math.min(4, length) }).every((value) => value === 0)
    const bytes = isUntouched ? new Uint8Array() : await readFully(files, fd, { offset, length })
    return scanRecords(codec, bytes, { offset, sequence: base.sequence })
  } finally {
    files.close(fd)
  }
}

function sealOf(head: Head): number {
  return head.next === 0 ? head.offset : segmentHeaderBytes
}

/** Refuses to cut what may have been acknowledged. */
function checkScan(context: JournalContext, scan: Scan, { last, isBootChanged, atLeast }: { last: number; isBootChanged: boolean; atLeast: number }): void {
  const path = context.segments.path(last)
  const { count, flags } = scan.strays
  if (count > 0 && (!isBootChanged || (flags & recordFlagFsync) !== 0)) {
    throw corrupt(path, `Commit ${scan.sequence + 1}, at byte ${scan.end}, is damaged, and ${count} whole commits follow it.`)
  }
  if (!isBootChanged && scan.sequence < atLeast) {
    throw corrupt(path, `The journal ends with commit ${scan.sequence}, but commit ${atLeast} was published.`)
  }
}

/** Nothing was found that the head does not say. */
async function adopt(context: JournalContext, known: Head, found: Head | undefined): Promise<Head> {
  if (known.next === found?.next && known.next === 0) return known
  await syncDirectory(context.environment.files, context.layout.journal)
  const head = { ...known, generation: nextGeneration(known) }
  context.head.write(head)
  return head
}

/** Makes what was found durable, then publishes it. */
async function publishScan(context: JournalContext, { base, scan, last }: { base: Head; scan: Scan; last: number }): Promise<Head> {
  const { environment: { files }, layout } = context
  await makeDurable(context, { segment: last, offset: scan.end })
  await syncDirectory(files, layout.journal)
  const head = { ...afterScan(base, scan, last), generation: nextGeneration(base) }
  context.head.write(head)
  await context.head.settle()
  return head
}

async function makeDurable(context: JournalContext, place: { segment: number; offset: number }): Promise<void> {
  const { environment: { files }, segments } = context
  const fd = segments.open(place.segment)
  try {
    await files.fdatasync(fd)
  } catch (error) {
    if (!isSystemError(error)) throw error
    await rewriteSegment(context, place)
  } finally {
    files.close(fd)
  }
}

function afterScan(base: Head, scan: Scan, last: number): Head {
  if (scan.recordCrc === undefined) return { ...base, sameBoot: true, sealed: false }
  const { sequence, end, recordCrc } = scan
  return { sameBoot: true, sequence, segment: last, offset: end, synced: end, next: 0, sealed: false, generation: base.generation, recordCrc }
}

function openAt(context: JournalContext, head: Head): Head {
  openTarget(context, head)
  return head
}
