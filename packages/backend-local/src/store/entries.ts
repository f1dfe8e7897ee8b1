import { type JournalEntry, type JournalPosition, type MaybePromise, NexusError, recordPreludeBytes, type RecordCodec } from '@nexus/core/contract'
import type { JournalContext } from './context.ts'
import { corrupt } from './errors.ts'
import { readFully, readFullyNow } from './files.ts'
import type { Head } from './head.ts'
import { segmentHeaderBytes } from './segment.ts'

/** A stretch of one segment that holds published commits, and the number that the first of them must have. */
interface Stretch {
  readonly segment: number
  readonly offset: number
  readonly end: number
  readonly sequence: number
}

/** Read without leaving the event loop. */
const inlineReadBytes = 128 * 1024
/** Read at once when a reader is far behind. */
const chunkBytes = 1024 * 1024

/**
 * Published commits after `position`, of one stretch of the journal: empty only when there are none. The contents' checksums are not
 * looked at: contents are checked against their digests when they are read.
 * @throws NexusError `corrupt`, `not_found` when the commit after `position` was compacted away
 */
export function entriesAfter(context: JournalContext, position: JournalPosition, head: Head): MaybePromise<readonly JournalEntry[]> {
  if (head.sequence <= position.sequence) return []
  const stretch = stretchAfter(context, position, head)
  const length = Math.min(stretch.end - stretch.offset, chunkBytes)
  if (length > inlineReadBytes) return entriesAway(context, { position, head, stretch, length })
  const fd = context.segments.reader(stretch.segment, head.generation)
  const entries = parse(context, stretch, readFullyNow(context.environment.files, fd, { offset: stretch.offset, length }))
  if (entries.length > 0 && stretch.sequence > position.sequence) return entries
  return entriesAway(context, { position, head, stretch, length })
}

/** All published commits after `position`, up to `head`. */
export async function allEntriesAfter(context: JournalContext, position: JournalPosition, head: Head): Promise<readonly JournalEntry[]> {
  const all: JournalEntry[] = []
  let at = position
  while (at.sequence < head.sequence) {
    for (const entry of await entriesAfter(context, at, head)) all.push(entry)
    at = all.at(-1)?.end ?? at
  }
  return all
}

/** The entry of a record that begins at `offset` of a segment. */
export function toEntry(codec: RecordCodec, record: Uint8Array, place: { readonly segment: number; readonly offset: number }): JournalEntry | undefined {
  const found = codec.prelude(record)
  if (found === undefined || record.length < recordPreludeBytes + found.headerBytes) return undefined
  return {
    sequence: found.sequence,
    flags: found.flags,
    header: record.subarray(recordPreludeBytes, recordPreludeBytes + found.headerBytes),
    contentOffset: place.offset + recordPreludeBytes + found.headerBytes,
    end: { sequence: found.sequence, segment: place.segment, offset: place.offset + found.recordBytes },
  }
}

/** Reads on, in chunks, until there is an entry that the caller does not know. */
async function entriesAway(context: JournalContext, from: { position: JournalPosition; head: Head; stretch: Stretch; length: number }): Promise<readonly JournalEntry[]> {
  const { environment, segments, codec } = context
  let { stretch, length } = from
  const fd = segments.open(stretch.segment)
  try {
    for (;;) {
      const chunk = await readFully(environment.files, fd, { offset: stretch.offset, length: Math.min(length, stretch.end - stretch.offset) })
      const entries = parse(context, stretch, chunk)
      const wanted = entries.filter((entry) => entry.sequence > from.position.sequence)
      if (wanted.length > 0) return wanted
      const last = entries.at(-1)
      if (last === undefined) length = recordPreludeBytes + (codec.prelude(chunk)?.headerBytes ?? 0)
      else stretch = { ...stretch, offset: last.end.offset, sequence: last.sequence + 1 }
      if (stretch.offset >= stretch.end) throw corrupt(segments.path(stretch.segment), `The segment ends before commit ${from.position.sequence + 1}.`)
    }
  } finally {
    environment.files.close(fd)
  }
}

/** Where the commit after `position` is, or the beginning of the segment that must hold it. */
function stretchAfter({ segments }: JournalContext, position: JournalPosition, head: Head): Stretch {
  const wanted = position.sequence + 1
  if (position.segment === head.segment && position.offset >= segmentHeaderBytes && position.offset < head.offset) {
    return { segment: head.segment, offset: position.offset, end: head.offset, sequence: wanted }
  }
  const segment = segments.known(head.generation).findLast((first) => first <= wanted)
  if (segment === undefined) {
    throw new NexusError('not_found', { op: 'journal', backend: 'local', reason: `Commit ${wanted} was compacted away; start from a checkpoint.` })
  }
  const end = segments.endOf(segment, head)
  const known = segment === position.segment && position.offset >= segmentHeaderBytes && position.offset < end
  return { segment, offset: known ? position.offset : segmentHeaderBytes, end, sequence: known ? wanted : segment }
}

/** The entries whose headers are whole in the chunk, which begins where the stretch does. */
function parse({ codec, segments }: JournalContext, stretch: Stretch, chunk: Uint8Array): readonly JournalEntry[] {
  const entries: JournalEntry[] = []
  let at = 0
  let expected = stretch.sequence
  while (stretch.offset + at < stretch.end && at + recordPreludeBytes <= chunk.length) {
    const rest = chunk.subarray(at)
    const prelude = codec.prelude(rest)
    const end = stretch.offset + at + (prelude?.recordBytes ?? 0)
    if (prelude === undefined || prelude.sequence !== expected || end > stretch.end) throw damaged(segments.path(stretch.segment), stretch.offset + at, expected)
    if (rest.length < recordPreludeBytes + prelude.headerBytes) break
    const entry = codec.verifyHeader(rest) ? toEntry(codec, rest, { segment: stretch.segment, offset: stretch.offset + at }) : undefined
    if (entry === undefined) throw damaged(segments.path(stretch.segment), stretch.offset + at, expected)
    entries.push(entry)
    at += prelude.recordBytes
    expected++
  }
  return entries
}

function damaged(path: string, offset: number, sequence: number): NexusError {
  return corrupt(path, `At byte ${offset}, where commit ${sequence} must begin, no whole record of that number stands.`)
}
