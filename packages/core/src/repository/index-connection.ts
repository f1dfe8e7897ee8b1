import { renameSync, rmSync, statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { type ConnectionOptions, createSchema, indexSchema, openDatabase } from './index-schema.ts'
import { whenFree } from './index-turn.ts'

/** A connection to the index, and which file it is of. */
export interface IndexConnection {
  readonly database: Database.Database
  /** Device and inode: what stands at the path later may be another file. */
  readonly identity: string
}

interface ConnectOptions extends ConnectionOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens the index that stands at `path`; makes none. SQLite finds the write-ahead log by its name, so whoever opens an index needs the turn
 * (index-turn.ts): met in between by one who makes it again, a connection would have the file of the one and the log of the other.
 * @returns `undefined` when no index stands there, or it was removed meanwhile
 */
export function connectIndex(path: string, { signal, ...options }: ConnectOptions = {}): Promise<IndexConnection | undefined> {
  return whenFree(() => connectNow(path, options), signal)
}

function connectNow(path: string, options: ConnectionOptions): IndexConnection | undefined {
  const identity = identityOf(path)
  if (identity === undefined) return undefined
  try {
    const database = openDatabase(path, { ...options, mustExist: true })
    // The first look opens the log: only then it is known that both are of the file that still has the name.
    if (isIndex(database) && identityOf(path) === identity) return { database, identity }
    database.close()
    return undefined
  } catch (error) {
    if (identityOf(path) === identity) throw error
    return undefined
  }
}

function isIndex(database: Database.Database): boolean {
  try {
    const hasTables = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'head'").get() !== undefined
    // Statements for other tables than ours could not even be prepared.
    return hasTables && database.prepare('SELECT 1 FROM head WHERE schema = ?').get(indexSchema) !== undefined
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Makes an index aside and puts it in the place of what stands there, so that nobody ever meets half of one. Needs the turn. Whoever deletes files here meanwhile may undo it.
 * @param options.fill Puts rows into the empty tables.
 */
export async function makeIndex(path: string, { repository, fill }: { readonly repository: string; readonly fill: (database: Database.Database) => Promise<unknown> }): Promise<void> {
  const fresh = `${path}.new`
  removeIndex(fresh)
  const database = openDatabase(fresh)
  try {
    createSchema(database, repository)
    await fill(database)
    // Whatever is still in the log would stay behind.
    database.pragma('wal_checkpoint(TRUNCATE)')
    database.close()
    removeIndex(path)
    renameSync(fresh, path)
  } catch (error) {
    database.close()
    // Somebody deleted that too: there is no index, as before.
    if (identityOf(fresh) !== undefined) throw error
  }
}

/** Removes an index, with what SQLite keeps beside it: a write-ahead log left beside a deleted index belongs to another database. Needs the turn. */
export function removeIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}
