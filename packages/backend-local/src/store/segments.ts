import { constants } from 'node:fs'
import { join } from 'node:path'
import { NexusError, type RecordCodec } from '@nexus/core/contract'
import { corrupt, toNexusError } from './errors.ts'
import { type FileOperations, readFullyNow, systemCode } from './files.ts'
import type { Head } from './head.ts'
import { type Layout, segmentFirst, segmentName } from './layout.ts'
import { parseSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './segment.ts'

/** The files of `journal/`, as far as they are known. What is remembered is forgotten when the head's generation changes. */
export interface Segments {
  /** Absolute path of a segment's file. */
  path(first: number): string
  /** First sequences, ascending, read from the directory now. */
  list(): number[]
  /** The same, remembered while `generation` stays. */
  known(generation: number): readonly number[]
  /** @throws NexusError `corrupt`, `not_found` */
  header(first: number): SegmentHeader
  /** End of what counts in a segment. */
  endOf(first: number, head: Head): number
  /**
   * A descriptor for reading, which the table keeps and closes: only for segments that hold published commits, and never across an await.
   * Without a generation it may be of a file that is replaced or gone by now, whose commits are what they were.
   */
  reader(first: number, generation?: number): number
  /** A descriptor for reading that the caller closes. */
  open(first: number, flags?: number): number
  forget(): void
}

const maxReaders = 64

/** @returns A table that has looked at nothing yet. */
export function createSegments(layout: Layout, files: FileOperations, codec: RecordCodec): Segments {
  const readers = new Map<number, number>()
  const headers = new Map<number, SegmentHeader>()
  let names: readonly number[] | undefined
  let seen = -1

  const path = (first: number): string => join(layout.journal, segmentName(first))
  const forget = (): void => {
    for (const fd of readers.values()) files.close(fd)
    readers.clear()
    headers.clear()
    names = undefined
  }
  const turn = (generation: number): void => {
    if (generation === seen) return
    forget()
    seen = generation
  }
  const open = (first: number, flags: number = constants.O_RDONLY): number => {
    try {
      return files.open(path(first), flags | constants.O_NOFOLLOW)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw gone(path(first))
      throw toNexusError(error, 'journal', path(first))
    }
  }
  const header = (first: number): SegmentHeader => {
    const known = headers.get(first)
    if (known !== undefined) return known
    const fd = open(first)
    try {
      const found = parseSegmentHeader(readFullyNow(files, fd, { offset: 0, length: segmentHeaderBytes }), codec, path(first))
      if (found.first !== first) throw corrupt(path(first), `The segment says that it begins with commit ${found.first}.`)
      headers.set(first, found)
      return found
    } finally {
      files.close(fd)
    }
  }
  const known = (generation: number): readonly number[] => {
    turn(generation)
    names ??= list(files, layout)
    return names
  }

  return {
    path,
    list: () => list(files, layout),
    known,
    header,
    endOf: (first, head) => {
      if (first === head.segment) return head.offset
      const next = known(head.generation).find((candidate) => candidate > first)
      const previous = next === undefined ? null : header(next).previous
      if (previous?.segment !== first) throw corrupt(path(first), 'The segment after it does not say where it ends.')
      return previous.offset
    },
    reader: (first, generation) => {
      if (generation !== undefined) turn(generation)
      const fd = readers.get(first) ?? open(first)
      readers.delete(first)
      readers.set(first, fd)
      const [oldest] = readers
      if (readers.size > maxReaders && oldest !== undefined) {
        readers.delete(oldest[0])
        files.close(oldest[1])
      }
      return fd
    },
    open,
    forget,
  }
}

function list(files: FileOperations, layout: Layout): number[] {
  try {
    const found = files.readdir(layout.journal).map(segmentFirst)
    return found.filter((first) => first !== undefined).sort((a, b) => a - b)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw toNexusError(error, 'journal', layout.journal)
  }
}

function gone(path: string): NexusError {
  return new NexusError('not_found', { op: 'journal', path, backend: 'local', reason: 'That part of the journal was compacted away.' })
}
