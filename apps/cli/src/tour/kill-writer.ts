import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { Interrupted } from '../outcomes.ts'

/** How often, and after how many acknowledgements, the writer is killed. */
export interface KillOptions {
  readonly repository: string
  readonly afterAcknowledged: number
  readonly signal: AbortSignal
}

/** Starts a writer, kills it in the middle of its work, and gives the numbers that it acknowledged before it died. */
export async function killWriter({ repository, afterAcknowledged, signal }: KillOptions): Promise<number[]> {
  const [, script = ''] = process.argv
  const child = spawn(process.execPath, [...process.execArgv, script, '--writer', repository], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', stop)
  const exited = once(child, 'exit')
  try {
    const acknowledged = await collect(child, afterAcknowledged)
    signal.throwIfAborted()
    const [code, killedBy] = (await exited) as [number | null, NodeJS.Signals | null]
    if (killedBy !== 'SIGKILL') throw new Error(`The writer was to be killed and ended by itself with ${String(code)}.`)
    return acknowledged
  } catch (error) {
    stop()
    await exited
    throw signal.aborted ? (signal.reason as Interrupted) : error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** What stands in the pipe when the writer dies was acknowledged too: it is read to its end. */
async function collect(child: ChildProcess, count: number): Promise<number[]> {
  const acknowledged: number[] = []
  if (child.stdout === null) return acknowledged
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line))
    if (acknowledged.length === count) child.kill('SIGKILL')
  }
  return acknowledged
}
