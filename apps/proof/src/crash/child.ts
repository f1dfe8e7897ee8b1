import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A process of its own, and what it said. */
export interface Child {
  readonly process: ChildProcess
  /** Resolves when it is gone and everything it said was heard. */
  readonly ended: Promise<{ readonly signal: NodeJS.Signals | null; readonly status: number | null; readonly errors: string }>
}

interface ChildOptions {
  readonly args: readonly string[]
  readonly onLine: (line: string) => void
  readonly env?: Readonly<Record<string, string>> | undefined
}

/**
 * Starts a script of this package.
 * @param options.onLine Gets each whole line of its standard output; what a kill cut off in the middle is not heard.
 * @param options.env Beside the environment of this process.
 */
export function startChild(script: string, { args, onLine, env: more }: ChildOptions): Child {
  // Without the cache each process translates the sources again, which takes longer than what it is for.
  const env = { ...process.env, ...more, NODE_COMPILE_CACHE: join(tmpdir(), 'nexus-proof-compile-cache') }
  const child = spawn(process.execPath, ['--conditions=nexus-source', script, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env })
  let rest = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ended = new Promise<{ signal: NodeJS.Signals | null; status: number | null; errors: string }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve({ signal, status, errors }))
  })
  return { process: child, ended }
}
