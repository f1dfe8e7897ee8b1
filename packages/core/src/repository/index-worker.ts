import { parentPort, workerData } from 'node:worker_threads'
import { type DigestAlgorithm, openHasher } from './digest.ts'
import { isBusyDatabase, openDatabase } from './index-schema.ts'
import { createIndexWriter } from './index-writer.ts'
import { type PackedEntries, unpackEntries } from './packed-entries.ts'

/** What the thread is started with. */
export interface IndexWorkerData {
  readonly path: string
  readonly algorithm: DigestAlgorithm
}

/** What it is asked: commits to apply, in order; a checkpoint of the write-ahead log; to end. */
export type IndexWorkerRequest = { readonly apply: PackedEntries } | { readonly checkpoint: true } | { readonly close: true }

/** What it answers to each request. `gap`: the index does not reach up to these commits. */
export type IndexWorkerReply = { readonly done: 'applied' | 'gap' | 'checkpointed' } | { readonly failure: Error }

const busyWaitMs = 2
const maxBusyMs = 30_000

const { path, algorithm } = workerData as IndexWorkerData
const database = whenFree(() => openDatabase(path))
// Checkpoints sync the file: they are asked for when the journal is on disk.
database.pragma('wal_autocheckpoint = 0')
const writer = createIndexWriter(database, await openHasher(algorithm))
const head = database.prepare<[], { sequence: number }>('SELECT sequence FROM head')

parentPort?.on('message', (request: IndexWorkerRequest) => {
  if ('close' in request) {
    database.close()
    parentPort?.close()
    return
  }
  parentPort?.postMessage(answer(request))
})

function answer(request: Exclude<IndexWorkerRequest, { close: true }>): IndexWorkerReply {
  try {
    if ('checkpoint' in request) return checkpoint()
    return apply(request.apply)
  } catch (error) {
    return { failure: error instanceof Error ? error : new Error(String(error)) }
  }
}

function apply(packed: PackedEntries): IndexWorkerReply {
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
function checkpoint(): IndexWorkerReply {
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
