import { statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { NexusError } from '../contract/errors.ts'
import { openDatabase } from '../repository/index-schema.ts'
import { removeIndex } from '../repository/index-connection.ts'
import { inIndexTurn } from '../repository/index-turn.ts'
import { databaseFailure } from './database-failure.ts'

/** Raised when the tables change; a file of another number, or of another program, is thrown away. */
const schemaVersion = 1
/** `NXMC` in ASCII, in SQLite's header. */
const applicationId = 0x4e584d43

/**
 * `stats.stat` is NULL where a stat was answered with `not_found`. A listing is complete when all its pages are there; until then only its writer knows it.
 * `generations` counts changes of what a path's slot stands for (change-slots.ts). All times are milliseconds since the epoch, when the answer was asked for.
 */
const schema = `
CREATE TABLE scopes (id INTEGER PRIMARY KEY, scope TEXT NOT NULL UNIQUE, labels TEXT NOT NULL DEFAULT '[]', hits INTEGER NOT NULL DEFAULT 0,
  misses INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE generations (scope INTEGER NOT NULL, slot INTEGER NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (scope, slot)) STRICT, WITHOUT ROWID;
CREATE TABLE stats (scope INTEGER NOT NULL, path TEXT NOT NULL, seenAt INTEGER NOT NULL, etag TEXT, stat TEXT, PRIMARY KEY (scope, path)) STRICT, WITHOUT ROWID;
CREATE INDEX statsBySeenAt ON stats (seenAt);
CREATE TABLE listings (id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, path TEXT NOT NULL, recursive INTEGER NOT NULL, seenAt INTEGER NOT NULL,
  entries INTEGER NOT NULL, ordered INTEGER NOT NULL, complete INTEGER NOT NULL) STRICT;
CREATE INDEX listingsByPath ON listings (scope, path);
CREATE TABLE pages (listing INTEGER NOT NULL REFERENCES listings (id) ON DELETE CASCADE, page INTEGER NOT NULL, first TEXT NOT NULL, entries TEXT NOT NULL,
  PRIMARY KEY (listing, page)) STRICT, WITHOUT ROWID;
`

/** An open `metadata.db`, and which file it is. */
export interface MetadataFile {
  readonly database: Database.Database
  /** Device and inode: what stands at the path later may be another file. */
  readonly identity: string
}

/**
 * Opens `metadata.db`, and makes it (with its directory, for its owner alone) where it is absent, damaged or no cache of ours. One process at a time does so.
 * @param isDamaged What stands there was seen to be damaged: it is thrown away unseen.
 * @throws What SQLite or the platform says of a directory that cannot be written; NexusError `busy` when another process keeps its turn for 30 seconds
 */
export async function openMetadataFile(path: string, { isDamaged = false }: { readonly isDamaged?: boolean } = {}): Promise<MetadataFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return inIndexTurn(path, undefined, () => {
    if (isDamaged) removeIndex(path)
    const database = openOurs(path) ?? makeAgain(path)
    return Promise.resolve({ database, identity: metadataIdentity(path) ?? '' })
  })
}

/** Which file stands at the path; `undefined` for none. */
export function metadataIdentity(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

function makeAgain(path: string): Database.Database {
  removeIndex(path)
  const database = openOurs(path)
  if (database === undefined) throw new NexusError('unavailable', { reason: `${path} is not what was just made there; end what writes to it.` })
  return database
}

/** @returns `undefined` for what is no cache of ours, or a damaged one */
function openOurs(path: string): Database.Database | undefined {
  let database: Database.Database | undefined
  try {
    database = openDatabase(path)
    database.pragma('foreign_keys = ON')
    if (isEmpty(database)) createTables(database)
    if (database.pragma('application_id', { simple: true }) === applicationId && database.pragma('user_version', { simple: true }) === schemaVersion) return database
    database.close()
    return undefined
  } catch (error) {
    database?.close()
    if (databaseFailure(error) === 'damaged') return undefined
    throw error
  }
}

function isEmpty(database: Database.Database): boolean {
  return database.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined
}

function createTables(database: Database.Database): void {
  database.transaction(() => {
    database.exec(schema)
    database.pragma(`application_id = ${applicationId}`)
    database.pragma(`user_version = ${schemaVersion}`)
  }).immediate()
}
