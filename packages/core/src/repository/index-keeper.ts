import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { JournalStore } from '../contract/store.ts'
import type { DigestAlgorithm } from './digest.ts'
import type { IndexFile } from './index-file.ts'
import type { IndexWorkerData, IndexWorkerReply, IndexWorkerRequest } from './index-worker.ts'
import { packEntries } from './packed-entries.ts'
import type { Present } from './present.ts'

/** So many commits wait in memory before the index takes them. */
const commitsPerApply = 256
/** So many commits may wait before writers wait for the index. */
const maxPending = 16_384
/** So many commits go into the index between two checkpoints of its write-ahead log. */
const commitsPerCheckpoint = 8192

interface KeeperOptions {
  readonly index: IndexFile
  readonly path: string
  readonly algorithm: DigestAlgorithm
  readonly present: Present
  readonly journal: JournalStore
}

/** Moves commits from memory into the index, on a thread of its own, behind the journal and behind whoever waits. */
export class IndexKeeper {
  readonly #options: KeeperOptions
  #worker: Worker | undefined
  #running: Promise<void> | undefined
  #failure: unknown
  #appliedSinceCheckpoint = 0
  #isClosed = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Applies what waits when it is worth a transaction. @returns What to wait for when too much waits */
  offer(): Promise<void> | undefined {
    const { pending } = this.#options.present
    if (this.#running === undefined && !this.#isClosed && this.#failure === undefined && pending.length >= commitsPerApply) {
      this.#running = this.#apply()
        .catch((error: unknown) => {
          // The index is a cache: what waits stays in memory, and the next one who needs the index itself meets the reason.
          this.#failure = error
        })
        .finally(() => (this.#running = undefined))
    }
    return pending.length > maxPending ? this.#running : undefined
  }

  async close(): Promise<void> {
    this.#isClosed = true
    // From here on somebody waits for the thread; before, it never keeps the process alive.
    this.#worker?.ref()
    await this.#running
    const worker = this.#worker
    if (worker === undefined) return
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage({ close: true } satisfies IndexWorkerRequest)
    await ended
  }

  async #apply(): Promise<void> {
    const { present, index, journal } = this.#options
    const entries = present.pending.slice()
    const packed = packEntries(entries)
    const reply = await this.#ask({ apply: packed }, [packed.headers.buffer, packed.numbers.buffer])
    if (reply === 'gap') await index.catchUp()
    present.advance()
    this.#appliedSinceCheckpoint += entries.length
    if (this.#appliedSinceCheckpoint < commitsPerCheckpoint) return
    this.#appliedSinceCheckpoint = 0
    await journal.sync()
    await this.#ask({ checkpoint: true }, [])
    // A state that was taken before would keep the log from beginning anew, and it would grow without end.
    present.rest()
  }

  #ask(request: IndexWorkerRequest, transfer: readonly ArrayBuffer[]): Promise<'applied' | 'gap' | 'checkpointed'> {
    const worker = (this.#worker ??= startWorker(this.#options))
    return new Promise((resolve, reject) => {
      const onReply = (reply: IndexWorkerReply): void => {
        stop()
        if ('failure' in reply) reject(reply.failure)
        else resolve(reply.done)
      }
      const onEnd = (error: unknown): void => {
        stop()
        this.#worker = undefined
        reject(error instanceof Error ? error : new Error('The thread of the index ended by itself.'))
      }
      const stop = (): void => void worker.off('message', onReply).off('error', onEnd).off('exit', onEnd)
      worker.on('message', onReply).once('error', onEnd).once('exit', onEnd)
      worker.postMessage(request, transfer)
    })
  }
}

function startWorker({ path, index: { identity }, algorithm }: Pick<KeeperOptions, 'path' | 'index' | 'algorithm'>): Worker {
  const data: IndexWorkerData = { path, identity, algorithm }
  const worker = new Worker(workerFile(), { workerData: data })
  worker.unref()
  return worker
}

/** Built, the thread's code stands beside the bundle; in the source tree beside this file. */
function workerFile(): URL {
  const built = new URL('./index-worker.js', import.meta.url)
  return existsSync(fileURLToPath(built)) ? built : new URL('./index-worker.ts', import.meta.url)
}
