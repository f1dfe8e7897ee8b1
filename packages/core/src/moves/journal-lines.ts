import { open } from 'node:fs/promises'
import type { CopiedFile, MoveEnds } from '../kernel/move-journal.ts'
import type { Owner } from './owner.ts'

/** The first line of a journal. */
export interface MoveHeader extends MoveEnds {
  /** Format of the file. */
  readonly move: 1
  readonly kind: 'file' | 'directory'
  /** ISO 8601. */
  readonly startedAt: string
  readonly owner: Owner
}

/** A line behind the first. */
export type MoveLine =
  | { readonly owner: Owner | null }
  | { readonly begun: true }
  | { readonly copied: string; readonly source: string; readonly target: string }
  | { readonly deleted: string }

/** A line, its number, and where in the file it ends. */
export interface NumberedLine {
  readonly line: MoveHeader | MoveLine
  /** From 0 on. */
  readonly number: number
  readonly endBytes: number
}

const pieceBytes = 64 * 1024
const newline = 10

/** A line as it stands in the file. */
export function spellLine(line: MoveHeader | MoveLine): string {
  return `${JSON.stringify(line)}\n`
}

/** What a line says of a file that was copied; `undefined` for other lines. */
export function copiedIn(line: MoveHeader | MoveLine): CopiedFile | undefined {
  return 'copied' in line ? { path: line.copied, sourceEtag: line.source, targetEtag: line.target } : undefined
}

/**
 * The lines of a journal up to the first that a kill or a power cut left in pieces, read piece by piece.
 * @param untilBytes Reads no further than here: lines that are added meanwhile are not seen.
 * @throws Error of the platform, `ENOENT` where there is none
 */
export async function* readLines(file: string, untilBytes: number = Infinity): AsyncGenerator<NumberedLine> {
  const handle = await open(file, 'r')
  try {
    let rest: Buffer = Buffer.alloc(0)
    let [number, endBytes, at] = [0, 0, 0]
    const piece = Buffer.alloc(pieceBytes)
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, pieceBytes, at)
      if (bytesRead === 0) return
      at += bytesRead
      rest = Buffer.concat([rest, piece.subarray(0, bytesRead)])
      for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
        endBytes += end + 1
        const line = endBytes > untilBytes ? undefined : parseLine(rest.subarray(0, end).toString('utf8'), number)
        if (line === undefined) return
        yield { line, number, endBytes }
        number++
        rest = rest.subarray(end + 1)
      }
    }
  } finally {
    await handle.close()
  }
}

/** `undefined` for what is no line of a journal. */
function parseLine(text: string, number: number): MoveHeader | MoveLine | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    if (number === 0) return 'move' in value && value.move === 1 && 'from' in value && 'to' in value ? (value as MoveHeader) : undefined
    return 'owner' in value || 'begun' in value || 'copied' in value || 'deleted' in value ? (value as MoveLine) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
