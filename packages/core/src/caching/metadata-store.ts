import { setImmediate as nextTurn } from 'node:timers/promises'
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
  /** The same for work that changes the tables: what is asked for in one turn of the event loop shares one transaction. */
  change<T>(scope: string, work: (tables: ScopeTables) => T): Promise<T | undefined>
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

/** Changes that wait for the turn of the event loop to end, and what comes of each. */
interface ChangeGroup {
  readonly changes: { readonly scope: string; readonly work: (tables: ScopeTables) => unknown }[]
  readonly results: Promise<readonly unknown[] | undefined>
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
  let group: ChangeGroup | undefined
  const changeTogether = async (changes: ChangeGroup['changes']): Promise<readonly unknown[] | undefined> => {
    await nextTurn()
    group = undefined
    return attempt((current) => {
      // Before the transaction: what is made for a scope stays when that is rolled back.
      const tables = changes.map(({ scope }) => tablesOf(current, scope))
      return current.database.transaction(() => changes.map(({ work }, index) => work(tables[index] as ScopeTables))).immediate()
    })
  }
  return {
    use: (scope, work, signal) => attempt((current) => work(tablesOf(current, scope)), signal),
    change: async <T>(scope: string, work: (tables: ScopeTables) => T) => {
      if (group === undefined) {
        const changes: ChangeGroup['changes'] = []
        group = { changes, results: changeTogether(changes) }
      }
      const index = group.changes.push({ scope, work }) - 1
      const { results } = group
      return (await results)?.[index] as T | undefined
    },
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
