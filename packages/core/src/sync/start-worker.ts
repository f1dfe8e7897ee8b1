import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { NexusError } from '../contract/errors.ts'
import { type BlockingPort, openBlockingPort } from './blocking-port.ts'
import { openChannel } from './channel.ts'

/** A thread that waits for its first call. */
export interface StartedWorker {
  readonly port: BlockingPort
  /** Ends the thread at once. */
  readonly terminate: () => void
}

/** Starts the worker; the process ends without waiting for it. @throws NexusError `unexpected` when its file is missing */
export function startWorker(): StartedWorker {
  const channel = openChannel()
  const worker = new Worker(workerFile(), { workerData: channel.memory, name: 'nexus-sync' })
  worker.unref()
  return { port: openBlockingPort(channel), terminate: () => void worker.terminate() }
}

/** Beside this file, both in the sources and in the built package. A thread whose file is missing would never answer. */
function workerFile(): URL {
  const url = new URL(import.meta.url.endsWith('.ts') ? './sync-worker.ts' : './sync-worker.js', import.meta.url)
  if (existsSync(fileURLToPath(url))) return url
  throw new NexusError('unexpected', { op: 'mountSync', reason: `The worker's file is missing: ${fileURLToPath(url)}. A bundler must leave @nexus/core outside of its bundle.` })
}
