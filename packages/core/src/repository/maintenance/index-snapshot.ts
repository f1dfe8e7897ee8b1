import type Database from 'better-sqlite3'
import { NexusError } from '../../contract/errors.ts'
import type { Repository } from '../context.ts'
import { connectIndex } from '../index-connection.ts'
import type { IndexHead, IndexReader } from '../index-reader.ts'
import { inIndexTurn } from '../index-turn.ts'

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

const maxAttempts = 20

async function openSettled(repository: Repository, signal: AbortSignal | undefined): Promise<Database.Database | undefined> {
  for (let attempt = 1; ; attempt++) {
    const reader = await repository.settleIndex(signal, true)
    if (reader === undefined) return undefined
    const database = await openCovering(reader, signal)
    if (database !== undefined) return database
    const { name } = reader.database
    if (attempt === maxAttempts) throw new NexusError('busy', { reason: `${name} was deleted ${maxAttempts} times while it was looked at. End what deletes it.` })
    // The file that the engine holds was deleted or replaced. What stands there now may be another process' that is still catching up: made again, it
    // would be taken from that one, which would do the same.
    await repository.reopenIndex()
  }
}

/** The database, its state held, when it reaches up to what the engine's own connection shows. */
async function openCovering({ database: { name }, head: { sequence } }: IndexReader, signal: AbortSignal | undefined): Promise<Database.Database | undefined> {
  const connection = await inIndexTurn(name, signal, () => connectIndex(name, { readonly: true, signal }))
  if (connection === undefined) return undefined
  const { database } = connection
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
