import type Database from 'better-sqlite3'
import type { Repository } from '../context.ts'
import type { IndexHead } from '../index-reader.ts'
import { openDatabase } from '../index-schema.ts'

/** One state of the index, held still on a connection of its own, whatever is committed meanwhile. */
export interface IndexSnapshot {
  readonly database: Database.Database
  readonly head: IndexHead
}

/** Does work on the newest published state of the index. @returns `undefined` where there is no repository yet */
export async function withIndexSnapshot<T>(repository: Repository, signal: AbortSignal | undefined, work: (snapshot: IndexSnapshot) => Promise<T>): Promise<T | undefined> {
  const database = await openSettled(repository, signal)
  if (database === undefined) return undefined
  try {
    return await work({ database, head: headOf(database) })
  } finally {
    database.close()
  }
}

async function openSettled(repository: Repository, signal: AbortSignal | undefined): Promise<Database.Database | undefined> {
  const reader = await repository.settleIndex(signal)
  if (reader === undefined) return undefined
  const { sequence } = reader.head
  const database = openCovering(reader.database.name, sequence)
  if (database !== undefined) return database
  // The file that the engine holds was deleted or replaced: what stands there now, if anything does, knows less.
  await repository.rebuildIndex()
  const again = await repository.settleIndex(signal)
  return again === undefined ? undefined : openCovering(again.database.name, sequence)
}

/** The database, its state held, when it reaches up to that commit. */
function openCovering(path: string, sequence: number): Database.Database | undefined {
  let database: Database.Database
  try {
    database = openDatabase(path, { readonly: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_CANTOPEN') return undefined
    throw error
  }
  try {
    database.exec('BEGIN')
    if (headOf(database).sequence >= sequence) return database
  } catch (error) {
    database.close()
    throw error
  }
  database.close()
  return undefined
}

function headOf(database: Database.Database): IndexHead {
  return database.prepare<[], IndexHead>('SELECT schema, repository, sequence, segment, "offset", digest, nextNode, epoch FROM head').get() as IndexHead
}
