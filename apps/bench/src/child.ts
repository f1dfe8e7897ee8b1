import { spawn } from 'node:child_process'
import process from 'node:process'
import { text } from 'node:stream/consumers'

/** What a process left behind. */
interface ChildResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. */
export async function runChild(command: string, args: readonly string[], { env = {} }: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<ChildResult> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { exitCode, stdout, stderr }
}

/** Runs it with this Node. @throws Error with what it said, unless it ended well */
export async function runNode(args: readonly string[], options?: { readonly env?: NodeJS.ProcessEnv }): Promise<string> {
  const { exitCode, stdout, stderr } = await runChild(process.execPath, args, options)
  if (exitCode !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(exitCode)}: ${stderr.trim().split('\n').slice(-3).join(' ')}`)
  return stdout
}
