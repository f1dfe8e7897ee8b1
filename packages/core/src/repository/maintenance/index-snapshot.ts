import type Database from 'better-sqlite3'
import type { Repository } from '../context.ts'
import type { IndexHead } from '../index-reader.ts'
import { openDatabase } from '../index-schema.ts'

/** One state of the index, held still on a connection of its own, whatever is committed meanwhile. */
export interface IndexSnapshot {
  readonly database: Database.Database
  readonly head: IndexHead
  close(): void
}

/** Takes the newest published state; `undefined` where there is no repository yet. */
export async function openIndexSnapshot(repository: Repository, signal: AbortSignal | undefined): Promise<IndexSnapshot | undefined> {
  const reader = await repository.settleIndex(signal)
  if (reader === undefined) return undefined
  const database = openDatabase(reader.database.name, { readonly: true })
  try {
    database.exec('BEGIN')
    const head = database.prepare<[], IndexHead>('SELECT schema, repository, sequence, segment, "offset", digest, nextNode, epoch FROM head').get() as IndexHead
    return { database, head, close: () => void database.close() }
  } catch (error) {
    database.close()
    throw error
  }
}

/** Does work on one state of the index. @returns `undefined` where there is no repository yet */
export async function withIndexSnapshot<T>(repository: Repository, signal: AbortSignal | undefined, work: (snapshot: IndexSnapshot) => Promise<T>): Promise<T | undefined> {
  const snapshot = await openIndexSnapshot(repository, signal)
  if (snapshot === undefined) return undefined
  try {
    return await work(snapshot)
  } finally {
    snapshot.close()
  }
}
