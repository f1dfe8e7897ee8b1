import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { NexusError } from '../contract/errors.ts'
import { type BlockingPort, openBlockingPort } from './blocking-port.ts'
import { controls, openChannel } from './channel.ts'

/** A thread that waits for its first call. */
export interface StartedWorker {
  readonly port: BlockingPort
  /** Ends the thread at once. */
  readonly terminate: () => void
}

/** A thread that fails before it can say so would be waited for without end. */
const startLimitMs = 30_000

/** Starts the worker; the process ends without waiting for it. @throws NexusError `unexpected` when its file is missing, `timeout` when it does not start */
export function startWorker(): StartedWorker {
  const channel = openChannel()
  const execArgv = workerOptions(process.execArgv)
  const worker = new Worker(workerFile(), { workerData: channel.memory, name: 'nexus-sync', ...(execArgv === undefined ? {} : { execArgv }) })
  worker.unref()
  const terminate = (): void => void worker.terminate()
  if (Atomics.wait(channel.control, controls.started, 0, startLimitMs) === 'timed-out') {
    terminate()
    throw new NexusError('timeout', { op: 'mountSync', reason: `Its worker thread did not start within ${startLimitMs} ms.` })
  }
  return { port: openBlockingPort(channel), terminate }
}

/**
 * Options of this process that its thread inherits; `undefined`: all. What `node --input-type=module -e ...` was told of its own input is
 * not true of the worker's file, and given explicitly a thread refuses V8's options: then only what finds modules goes along.
 */
export function workerOptions(execArgv: readonly string[]): string[] | undefined {
  if (!execArgv.some((argument) => argument.startsWith('--input-type'))) return undefined
  const joined = execArgv.filter((argument) => /^--(?:conditions|import|require|experimental-loader)=/.test(argument))
  const separate = execArgv.flatMap((argument, index) => (/^(?:-C|--conditions|--import|-r|--require|--experimental-loader)$/.test(argument) ? [argument, execArgv[index + 1] ?? ''] : []))
  return [...joined, ...separate]
}

/** Beside this file, both in the sources and in the built package. A thread whose file is missing would never answer. */
function workerFile(): URL {
  const url = new URL(import.meta.url.endsWith('.ts') ? './sync-worker.ts' : './sync-worker.js', import.meta.url)
  if (existsSync(fileURLToPath(url))) return url
  throw new NexusError('unexpected', { op: 'mountSync', reason: `The worker's file is missing: ${fileURLToPath(url)}. A bundler must leave @nexus/core outside of its bundle.` })
}
