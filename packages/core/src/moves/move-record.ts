import { open, rm } from 'node:fs/promises'
import type { CopiedFile, MoveRecord } from '../kernel/move-journal.ts'
import { copiedIn, type MoveLine, readLines, spellLine } from './journal-lines.ts'
import type { KnownFile, ScannedJournal } from './scan-journal.ts'

/** A journal that this process has. */
export interface HeldJournal {
  readonly file: string
  readonly kind: 'file' | 'directory'
  /** What an earlier attempt left; `undefined` for a move that begins. */
  readonly earlier: ScannedJournal | undefined
}

/** Writes a move down, line by line; a line is handed to the system before its promise resolves. */
export async function openMoveRecord({ file, kind, earlier }: HeldJournal): Promise<MoveRecord> {
  const known = earlier?.known ?? new Map<string, KnownFile>()
  const appender = await openAppender(file)
  // The first line was written before; behind an earlier attempt's lines stands the one that names the new owner.
  let lines = earlier === undefined ? 1 : earlier.lines + 1
  let isBegun = earlier?.isBegun === true
  const append = (line: MoveLine): Promise<void> => {
    lines++
    return appender.append(spellLine(line))
  }
  return {
    isResumed: kind === 'file' ? earlier !== undefined : isBegun,
    find: (path) => known.get(path)?.file,
    begun: async () => {
      if (isBegun) return
      isBegun = true
      await append({ begun: true })
      await appender.sync()
    },
    copied: (copy) => {
      isBegun = true
      // Only what an earlier attempt wrote down has to be told apart: in this one each path comes once.
      if (known.has(copy.path)) known.set(copy.path, { file: copy, line: lines, isDeleted: false })
      return append({ copied: copy.path, source: copy.sourceEtag, target: copy.targetEtag })
    },
    deleted: (path) => append({ deleted: path }),
    copies: () => copiesIn(file, known),
    finish: async () => {
      await appender.close()
      await rm(file, { force: true })
    },
    release: async () => {
      if (isBegun) await append({ owner: null })
      await appender.close()
      if (!isBegun) await rm(file, { force: true })
    },
  }
}

async function* copiesIn(file: string, known: ReadonlyMap<string, KnownFile>): AsyncGenerator<CopiedFile> {
  const handle = await open(file, 'r')
  const { size } = await handle.stat().finally(() => handle.close())
  for await (const { line, number } of readLines(file, size)) {
    const copy = copiedIn(line)
    if (copy === undefined) continue
    const entry = known.get(copy.path)
    if (entry === undefined || (entry.line === number && !entry.isDeleted)) yield copy
  }
}

interface Appender {
  readonly append: (text: string) => Promise<void>
  readonly sync: () => Promise<void>
  readonly close: () => Promise<void>
}

/** What is added while a write is under way goes together into the next one. */
async function openAppender(file: string): Promise<Appender> {
  const handle = await open(file, 'a')
  let waiting: string[] = []
  let writing: Promise<void> | undefined
  const write = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const text = waiting.join('')
        waiting = []
        await handle.appendFile(text)
      }
    } finally {
      writing = undefined
    }
  }
  return {
    append: (text) => {
      waiting.push(text)
      return (writing ??= write())
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  }
}
