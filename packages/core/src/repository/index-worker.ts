import { parentPort, workerData } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { type DigestAlgorithm, openHasher } from './digest.ts'
import { connectIndex } from './index-connection.ts'
import { isBusyDatabase } from './index-schema.ts'
import { inIndexTurn } from './index-turn.ts'
import { createIndexWriter, type IndexWriter } from './index-writer.ts'
import { type PackedEntries, unpackEntries } from './packed-entries.ts'

/** What the thread is started with. */
export interface IndexWorkerData {
  readonly path: string
  /** The file that is meant: another one at the path is not touched. */
  readonly identity: string
  readonly algorithm: DigestAlgorithm
}

/** What it is asked: commits to apply, in order; a checkpoint of the write-ahead log; to end. */
export type IndexWorkerRequest = { readonly apply: PackedEntries } | { readonly checkpoint: true } | { readonly close: true }

/** What it answers to each request. `gap`: the index does not reach up to these commits, or is not to be had any more. */
export type IndexWorkerReply = { readonly done: 'applied' | 'gap' | 'checkpointed' } | { readonly failure: Error }

const busyWaitMs = 2
const maxBusyMs = 30_000

const { path, identity, algorithm } = workerData as IndexWorkerData
const index = await openIndex()

parentPort?.on('message', (request: IndexWorkerRequest) => {
  if ('close' in request) {
    index?.database.close()
    parentPort?.close()
    return
  }
  parentPort?.postMessage(answer(request))
})

interface OpenIndex {
  readonly database: Database.Database
  readonly writer: IndexWriter
  readonly head: Database.Statement<[], { sequence: number }>
}

/** `undefined` when the index was deleted, or made again by another process: it lives on in the connections that have it, and no new one can be had. */
async function openIndex(): Promise<OpenIndex | undefined> {
  const connection = await inIndexTurn(path, undefined, () => connectIndex(path))
  if (connection?.identity !== identity) {
    connection?.database.close()
    return undefined
  }
  const { database } = connection
  // Checkpoints sync the file: they are asked for when the journal is on disk.
  database.pragma('wal_autocheckpoint = 0')
  return { database, writer: createIndexWriter(database, await openHasher(algorithm)), head: database.prepare<[], { sequence: number }>('SELECT sequence FROM head') }
}

function answer(request: Exclude<IndexWorkerRequest, { close: true }>): IndexWorkerReply {
  if (index === undefined) return { done: 'gap' }
  try {
    if ('checkpoint' in request) return checkpoint(index)
    return apply(index, request.apply)
  } catch (error) {
    return { failure: error instanceof Error ? error : new Error(String(error)) }
  }
}

function apply({ database, writer, head }: OpenIndex, packed: PackedEntries): IndexWorkerReply {
  const entries = unpackEntries(packed)
  const first = entries[0]?.sequence ?? 0
  const isGap = whenFree(() =>
    database
      .transaction(() => {
        if ((head.get()?.sequence ?? 0) < first - 1) return true
        writer.apply(entries)
        return false
      })
      .immediate(),
  )
  return { done: isGap ? 'gap' : 'applied' }
}

/** Moves what it can from the log into the file; what somebody still reads an older state of, the next one moves. */
function checkpoint({ database }: OpenIndex): IndexWorkerReply {
  database.pragma('wal_checkpoint(PASSIVE)')
  return { done: 'checkpointed' }
}

/** Another process may be writing the index; this thread has nothing else to do but wait. */
function whenFree<T>(work: () => T): T {
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  for (let waitedMs = 0; ; waitedMs += busyWaitMs) {
    try {
      return work()
    } catch (error) {
      if (!isBusyDatabase(error) || waitedMs >= maxBusyMs) throw error
    }
    Atomics.wait(nobody, 0, 0, busyWaitMs)
  }
}
