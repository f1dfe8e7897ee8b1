import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Entry, FileStat } from '../contract/backend.ts'
import { NexusError } from '../contract/errors.ts'
import { type Owner, ownerState, thisProcess } from '../moves/owner.ts'
import { toStateError } from '../mounting/state-error.ts'
import type { CopyLedger } from '../replication/sync-run.ts'

/** The storages of a migration, by name; one without a name is in this process' memory, and nobody else could go on. */
export interface MigrationEnds {
  readonly from: string | undefined
  readonly to: string | undefined
}

/** What is written down of a migration: that it began, and what was copied in which states. */
export interface MigrationRecord extends CopyLedger {
  /** Whether an earlier attempt began to copy, so that what stands in the target comes of it. */
  readonly isResumed: boolean
  /** Whether the storage that the earlier attempt copied from is this one. */
  readonly isOfSource: boolean
  /** Whether this state of a source's file was copied, whatever became of the copy. */
  knows(source: Entry): boolean
  /** Whether this is a copy in the state in which it was left. */
  isUntouched(target: Entry): boolean
  /** Copying begins: from now on what stands in the target is ours. */
  begin(): void
  /** Lets another process go on; of what never began to copy nothing is kept. */
  release(): Promise<void>
  /** The migration is over: nothing is known of it any more. */
  finish(): Promise<void>
}

interface Begun {
  readonly source: string
  readonly owner: string
  /** 0 or 1. */
  readonly copies: number
}

/**
 * Opens or begins the record of what is migrated to a storage: `migrations/<key>.db` in the state directory.
 * @throws NexusError `busy` while another process migrates there; `permission_denied`, `no_space` of the state directory
 */
export async function openMigrationRecord(stateDirectory: string, { from, to }: MigrationEnds): Promise<MigrationRecord> {
  const directory = join(stateDirectory, 'migrations')
  const isNamed = from !== undefined && to !== undefined
  const file = isNamed ? join(directory, `${createHash('sha256').update(to).digest('hex').slice(0, 32)}.db`) : undefined
  try {
    if (file !== undefined) await mkdir(directory, { recursive: true, mode: 0o700 })
    const { default: SQLite } = await import('better-sqlite3')
    const database = new SQLite(file ?? ':memory:', { timeout: 5000 })
    try {
      return recordIn(database, { file, from: from ?? '' })
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    throw toStateError(error, stateDirectory)
  }
}

function recordIn(database: Database, { file, from }: { readonly file: string | undefined; readonly from: string }): MigrationRecord {
  // A kill loses nothing of it, and a power cut at most lines that are then copied again.
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = OFF')
  database.exec(`CREATE TABLE IF NOT EXISTS begun (one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL, owner TEXT NOT NULL, copies INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS copies (path TEXT PRIMARY KEY, source TEXT NOT NULL, target TEXT NOT NULL) WITHOUT ROWID`)
  const standing = database.transaction(() => claim(database, from)).immediate()
  const find = database.prepare<[string], { source: string; target: string }>('SELECT source, target FROM copies WHERE path = ?')
  const put = database.prepare<[string, string, string]>('INSERT OR REPLACE INTO copies VALUES (?, ?, ?)')
  const finish = async (): Promise<void> => {
    database.close()
    if (file !== undefined) for (const suffix of ['-wal', '-shm', '']) await rm(file + suffix, { force: true })
  }
  let isBegun = standing !== undefined
  return {
    isResumed: isBegun,
    isOfSource: standing === undefined || standing.source === from,
    holds: (source, target) => {
      const known = find.get(pathBelow(source.path))
      return known !== undefined && target.etag !== undefined && known.source === stateOf(source) && known.target === target.etag
    },
    isUntouched: ({ path, etag }) => etag !== undefined && find.get(pathBelow(path))?.target === etag,
    knows: (source) => find.get(pathBelow(source.path))?.source === stateOf(source),
    note: (source, target) => {
      if (source.etag !== undefined && target.etag !== undefined && !isYoung(source)) put.run(pathBelow(source.path), stateOf(source), target.etag)
    },
    begin: () => {
      database.exec('UPDATE begun SET copies = 1')
      isBegun = true
    },
    release: async () => {
      if (isBegun) {
        database.exec("UPDATE begun SET owner = ''")
        database.close()
      } else await finish()
    },
    finish,
  }
}

/** @returns What an earlier attempt wrote that began to copy */
function claim(database: Database, from: string): Begun | undefined {
  const standing = database.prepare<[], Begun>('SELECT source, owner, copies FROM begun').get()
  const owner = standing === undefined || standing.owner === '' ? undefined : (JSON.parse(standing.owner) as Owner)
  const isMine = owner?.pid === process.pid && ownerState(owner) === 'running'
  if (isMine || (owner !== undefined && ownerState(owner) !== 'gone'))
    throw new NexusError('busy', { op: 'migrate', reason: `${isMine ? 'This process' : `Process ${owner.pid} (${owner.place})`} is migrating to this storage already; wait for it, or end it and repeat.` })
  const isBegun = standing?.copies === 1
  database.prepare('INSERT OR REPLACE INTO begun VALUES (1, ?, ?, ?)').run(isBegun ? standing.source : from, JSON.stringify(thisProcess()), isBegun ? 1 : 0)
  return isBegun ? standing : undefined
}

/** Below the root of either storage: the first segment is where it stands during the migration. */
function pathBelow(path: string): string {
  return path.slice(path.indexOf('/', 1))
}

/** An etag alone may be one of the content, which a change of metadata leaves; listings and stats round times differently. */
function stateOf({ etag = '', modifiedAt }: Pick<FileStat, 'etag' | 'modifiedAt'>): string {
  return `${modifiedAt === undefined ? '' : Math.floor(modifiedAt.getTime() / 1000)} ${etag}`
}

/** Where times have no milliseconds, another change within the same second would look like the state that was copied. */
function isYoung({ modifiedAt }: Pick<FileStat, 'modifiedAt'>): boolean {
  return modifiedAt !== undefined && modifiedAt.getTime() % 1000 === 0 && Date.now() - modifiedAt.getTime() < 2000
}
