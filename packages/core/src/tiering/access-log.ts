import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Path } from '../contract/paths.ts'

/** When files were last read, where a rule asks for it. A cache: without it a file looks as if nobody had read it since it was changed. */
export interface AccessLog {
  /** Notes a read, at most once an hour for a file; kept in memory until the next {@link flush}, which it begins now and then. */
  note(path: Path): void
  /** Runs with a look-up of when a file was last read, in milliseconds since the epoch; `undefined` when no read of it was noted. */
  lookUp<T>(work: (lastRead: (path: Path) => number | undefined) => Promise<T>): Promise<T>
  /** Writes down what was noted. A state directory that cannot be written is told once, and nothing is noted then. */
  flush(): Promise<void>
}

/** Where the log stands and what time it is. */
export interface AccessLogOptions {
  /** A file of SQLite, made with its directory when something is noted. */
  readonly file: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly warn: (message: string) => void
}

const noteEveryMs = 3_600_000
const flushEveryMs = 30_000
const flushEvery = 256
/** Beyond this many files, when each was noted last is looked up in the file again. */
const maxRemembered = 65_536

/** The log of one process; others write the same file. */
export function openAccessLog({ file, now, warn }: AccessLogOptions): AccessLog {
  const noted = new Map<Path, number>()
  let [pending, flushedAt, isBroken] = [new Map<Path, number>(), now(), false]
  let flushing: Promise<void> = Promise.resolve()
  const flushNow = async (): Promise<void> => {
    const reads = pending
    pending = new Map()
    flushedAt = now()
    if (reads.size === 0 || isBroken) return
    try {
      await store(file, reads)
    } catch (error) {
      // When files were read decides what is moved next, and nothing else: no reader fails for it.
      isBroken = true
      warn(`${file} cannot be written (${error instanceof Error ? error.message : String(error)}), so files count as unread since they were changed.`)
    }
  }
  const flush = (): Promise<void> => (flushing = flushing.then(flushNow))
  return {
    flush,
    note: (path) => {
      const time = now()
      if (time - (noted.get(path) ?? -Infinity) < noteEveryMs) return
      if (noted.size >= maxRemembered) noted.clear()
      noted.set(path, time)
      pending.set(path, time)
      if (pending.size >= flushEvery || time - flushedAt > flushEveryMs) void flush()
    },
    lookUp: async (work) => {
      await flush()
      return await lookUp(file, work)
    },
  }
}

async function openDatabase(file: string): Promise<Database> {
  const { default: SQLite } = await import('better-sqlite3')
  const database = new SQLite(file, { timeout: 2000 })
  database.exec('CREATE TABLE IF NOT EXISTS reads (path TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID')
  return database
}

async function store(file: string, reads: ReadonlyMap<Path, number>): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const database = await openDatabase(file)
  try {
    const put = database.prepare<[string, number]>('INSERT INTO reads VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET at = max(at, excluded.at)')
    database.transaction(() => {
      for (const [path, at] of reads) put.run(path, at)
    })()
  } finally {
    database.close()
  }
}

async function lookUp<T>(file: string, work: (lastRead: (path: Path) => number | undefined) => Promise<T>): Promise<T> {
  if (!existsSync(file)) return await work(() => undefined)
  const database = await openDatabase(file)
  try {
    const find = database.prepare<[string], { at: number }>('SELECT at FROM reads WHERE path = ?')
    return await work((path) => find.get(path)?.at)
  } finally {
    database.close()
  }
}
