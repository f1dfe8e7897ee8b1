import Database from 'better-sqlite3'
import { NexusError } from '../contract/errors.ts'

/** Raised when the tables change; an index of another number is rebuilt from the journal. */
export const indexSchema = 3

/**
 * The tables folded from the journal. `entries` holds what lives, so that history never slows the present; `past` where things were, `versions`
 * what they held. A directory is a row without digest, named by `name/`, which makes the primary key the order of listings.
 */
const schema = `
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), schema INTEGER NOT NULL, repository TEXT NOT NULL, sequence INTEGER NOT NULL,
  segment INTEGER NOT NULL, "offset" INTEGER NOT NULL, digest TEXT NOT NULL, nextNode INTEGER NOT NULL, epoch TEXT NOT NULL) STRICT;
CREATE TABLE entries (directory INTEGER NOT NULL, key TEXT NOT NULL, node INTEGER NOT NULL, born INTEGER NOT NULL, version INTEGER NOT NULL,
  digest TEXT, size INTEGER NOT NULL, modified INTEGER NOT NULL, created INTEGER NOT NULL, type TEXT, metadata TEXT,
  PRIMARY KEY (directory, key)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX directories ON entries (node) WHERE digest IS NULL;
CREATE TABLE past (directory INTEGER NOT NULL, key TEXT NOT NULL, born INTEGER NOT NULL, died INTEGER NOT NULL, node INTEGER NOT NULL, created INTEGER NOT NULL,
  moved INTEGER NOT NULL, ended INTEGER NOT NULL, PRIMARY KEY (directory, key, born)) STRICT, WITHOUT ROWID;
CREATE INDEX pastNodes ON past (node);
CREATE TABLE versions (node INTEGER NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
  created INTEGER NOT NULL, type TEXT, metadata TEXT, PRIMARY KEY (node, version)) STRICT, WITHOUT ROWID;
CREATE TABLE contents (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, key TEXT, segment INTEGER, "offset" INTEGER NOT NULL, pieces TEXT,
  part INTEGER NOT NULL, durable INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX notDurable ON contents (digest) WHERE durable = 0 AND key IS NOT NULL;
CREATE TABLE dropped (key TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE snapshots (node INTEGER NOT NULL, name TEXT NOT NULL, sequence INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (node, name)) STRICT, WITHOUT ROWID;
`

/** How a connection is opened. */
export interface ConnectionOptions {
  readonly readonly?: boolean | undefined
  /** Makes no file where none is. Default: an empty one is made. */
  readonly mustExist?: boolean | undefined
}

/** Settings of every connection; WAL falls back to NORMAL after the first write unless it is set on each (COUNTERPARTS.md, SQLite). */
export function openDatabase(path: string, { readonly = false, mustExist = false }: ConnectionOptions = {}): Database.Database {
  const database = new Database(path, { readonly, fileMustExist: mustExist, timeout: 0 })
  try {
    if (!readonly) database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.pragma('mmap_size = 1073741824')
    database.pragma('cache_size = -16384')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Makes the tables of an empty index, which no boot of the machine has confirmed. */
export function createSchema(database: Database.Database, repository: string): void {
  database.transaction(() => {
    database.exec(schema)
    database
      .prepare('INSERT INTO head VALUES (1, ?, ?, 0, 0, 0, ?, 2, ?)')
      .run(indexSchema, repository, '', '')
  }).immediate()
}

/** Whether SQLite says that its own file is damaged: the index is then rebuilt. */
export function isDamagedDatabase(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

/** Whether another process holds the index just now. */
export function isBusyDatabase(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')
}

/** What SQLite says, in our words. */
export function toIndexError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'SQLITE_FULL') return new NexusError('no_space', { cause: error })
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_CANTOPEN') return new NexusError('unavailable', { reason: 'The index cannot be read or written.', cause: error })
  return error
}
