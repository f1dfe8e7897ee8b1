import { type JournalEntry, type JournalPosition, NexusError, recordPreludeBytes, type RecordCodec } from '@nexus/core/contract'

/** A group of commits as one object. */
export interface JournalObject {
  /** Number of its first commit, which names it. */
  readonly first: number
  readonly bytes: Uint8Array
  /** In order, one for each record; empty for the beginning of a journal behind a checkpoint. */
  readonly entries: readonly JournalEntry[]
  readonly end: JournalPosition
}

const digits = 20
const shape = /^journal\/(\d{20})$/

/** All journal objects begin with this. */
export const journalPrefix = 'journal/'

/** The key of the group that begins with this commit. */
export function journalKey(first: number): string {
  return journalPrefix + String(first).padStart(digits, '0')
}

/** The number in a journal object's key; `undefined` for what is no such key. */
export function journalNumber(key: string): number | undefined {
  const [, found] = shape.exec(key) ?? []
  return found === undefined ? undefined : Number(found)
}

/**
 * Takes an object apart. The contents' checksums are not looked at: contents are checked against their digests when they are read.
 * @throws NexusError `corrupt` where it is not whole records, numbered from `first` on
 */
export function parseJournalObject(codec: RecordCodec, first: number, bytes: Uint8Array): JournalObject {
  const entries: JournalEntry[] = []
  let offset = 0
  while (offset < bytes.length) {
    const entry = parseRecord(codec, bytes, { first, offset, sequence: first + entries.length })
    entries.push(entry)
    offset = entry.end.offset
  }
  return { first, bytes, entries, end: entries.at(-1)?.end ?? { sequence: first, segment: first, offset: 0 } }
}

function parseRecord(codec: RecordCodec, bytes: Uint8Array, { first, offset, sequence }: { first: number; offset: number; sequence: number }): JournalEntry {
  const rest = bytes.subarray(offset)
  const prelude = codec.prelude(rest)
  if (prelude?.sequence !== sequence || prelude.recordBytes > rest.length || !codec.verifyHeader(rest)) {
    throw corruptJournal(journalKey(first), `At byte ${offset}, where commit ${sequence} must begin, no whole record of that number stands.`)
  }
  return {
    sequence,
    flags: prelude.flags,
    header: rest.subarray(recordPreludeBytes, recordPreludeBytes + prelude.headerBytes),
    contentOffset: offset + recordPreludeBytes + prelude.headerBytes,
    end: { sequence, segment: first, offset: offset + prelude.recordBytes },
  }
}

/** Damage in the journal, with what to do about it. */
export function corruptJournal(path: string, problem: string): NexusError {
  return new NexusError('corrupt', { op: 'journal', path, reason: `${problem} The journal is damaged; nothing was changed. Run fsck.` })
}

/** A commit that the journal does not hold any more. */
export function goneFromJournal(path: string, sequence: number): NexusError {
  return new NexusError('not_found', { op: 'journal', path, reason: `Commit ${sequence} was compacted away; start from a checkpoint.` })
}
