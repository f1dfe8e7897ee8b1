import { sleep } from '../layers/sleep.ts'
import { databaseFailure } from './database-failure.ts'
import { createListingTables, type ListingTables } from './listing-tables.ts'
import { type Connection, createConnection } from './metadata-connection.ts'
import { addLabel, pruneMetadata, scopeId } from './metadata-upkeep.ts'
import { createStatTables, type StatTables } from './stat-tables.ts'

/** What one scope knows. */
export interface ScopeTables {
  readonly stats: StatTables
  readonly listings: ListingTables
}

/** `metadata.db` of one state directory, shared by all mounts of this process. */
export interface MetadataStore {
  /**
   * Runs work on the tables of a scope: short, without waiting inside. It is tried again while another process is in the way.
   * @returns `undefined` when the database cannot be used: a cache must never fail a call
   */
  use<T>(scope: string, work: (tables: ScopeTables) => T, signal?: AbortSignal): Promise<T | undefined>
  /** Writes down what a person calls the storage. */
  label(scope: string, label: string): Promise<void>
  /** Gives it back; the last user closes the database. */
  release(): Promise<void>
}

/** After SQLite's own word that another process writes: tried so often again, with these pauses. */
const retryDelaysMs = [25, 50, 100]

interface Shared {
  readonly store: Omit<MetadataStore, 'release'> & { readonly close: () => Promise<void> }
  users: number
}

const shared = new Map<string, Shared>()

/** Takes the database at `path` into use, without opening it yet. @param now Milliseconds since the epoch */
export function acquireMetadata(path: string, { now }: { readonly now: () => number }): MetadataStore {
  const found = shared.get(path) ?? { store: createStore(path, now), users: 0 }
  shared.set(path, found)
  found.users++
  let isReleased = false
  return {
    ...found.store,
    release: async () => {
      if (isReleased) return
      isReleased = true
      if (--found.users > 0) return
      shared.delete(path)
      await found.store.close()
    },
  }
}

function createStore(path: string, now: () => number): Shared['store'] {
  const connection = createConnection(path, now)
  let isUnusable = false
  const attempt = async <T>(work: (connection: Connection) => T, signal?: AbortSignal): Promise<T | undefined> => {
    let hasMadeAgain = false
    for (const delayMs of [...retryDelaysMs, undefined]) {
      if (isUnusable) return undefined
      try {
        return work(await connection.current())
      } catch (error) {
        const failure = databaseFailure(error)
        // What is left are mistakes of ours, which must be seen.
        if (failure === undefined) throw error
        if (failure === 'busy') {
          if (delayMs === undefined) return undefined
          await sleep(delayMs, signal)
        } else if (failure === 'moved' || (failure === 'damaged' && !hasMadeAgain)) {
          hasMadeAgain ||= failure === 'damaged'
          connection.leave({ isDamaged: failure === 'damaged' })
        } else isUnusable = true
      }
    }
    return undefined
  }
  return {
    use: (scope, work, signal) => attempt((current) => work(tablesOf(current, scope)), signal),
    label: async (scope, label) => {
      await attempt(({ database }) => addLabel(database, scope, label))
    },
    close: async () => {
      if (!connection.isOpen()) return
      await attempt(({ database }) => {
        pruneMetadata(database, now())
        database.pragma('wal_checkpoint(TRUNCATE)')
        database.pragma('optimize')
      })
      connection.leave()
    },
  }
}

function tablesOf({ database, scopes }: Connection, scope: string): ScopeTables {
  const found = scopes.get(scope)
  if (found !== undefined) return found
  const id = scopeId(database, scope)
  const stats = createStatTables(database, id)
  const tables = { stats, listings: createListingTables(database, id, stats) }
  scopes.set(scope, tables)
  return tables
}
