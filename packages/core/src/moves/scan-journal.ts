import type { CopiedFile } from '../kernel/move-journal.ts'
import { copiedIn, type MoveHeader, readLines } from './journal-lines.ts'
import type { Owner } from './owner.ts'

/** What a journal knows of a path. */
export interface KnownFile {
  readonly file: CopiedFile
  /** Number of the line that says so; earlier ones of the path no longer hold. */
  readonly line: number
  readonly isDeleted: boolean
}

/** What stands in a journal. */
export interface ScannedJournal {
  readonly header: MoveHeader
  /** Who has the move, or had it when he died; `null`: it was given up in order. */
  readonly owner: Owner | null
  /** Whether what stands at the target comes of the move. Versions that wrote no line of it wrote what they copied. */
  readonly isBegun: boolean
  /** By path below the ends of the move. */
  readonly known: Map<string, KnownFile>
  readonly lines: number
  /** What is behind this is the rest of a line that was not finished. */
  readonly validBytes: number
}

/** Reads a journal. @returns `undefined` where there is none, or nothing in it that can be read: nothing of the move is known then */
export async function scanJournal(file: string): Promise<ScannedJournal | undefined> {
  const known = new Map<string, KnownFile>()
  let header: MoveHeader | undefined
  let [owner, isBegun, lines, validBytes]: [Owner | null, boolean, number, number] = [null, false, 0, 0]
  try {
    for await (const { line, number, endBytes } of readLines(file)) {
      if ('move' in line) header = line
      if ('owner' in line) owner = line.owner
      isBegun ||= 'begun' in line || 'copied' in line
      const copied = copiedIn(line)
      if (copied !== undefined) known.set(copied.path, { file: copied, line: number, isDeleted: false })
      if ('deleted' in line) markDeleted(known, line.deleted)
      lines = number + 1
      validBytes = endBytes
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  return header && { header, owner, isBegun, known, lines, validBytes }
}

function markDeleted(known: Map<string, KnownFile>, path: string): void {
  const entry = known.get(path)
  if (entry !== undefined) known.set(path, { ...entry, isDeleted: true })
}
