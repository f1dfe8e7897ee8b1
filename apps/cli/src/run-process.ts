import process from 'node:process'
import { Interrupted } from './outcomes.ts'
import { run } from './run.ts'

/** Runs the command line of this process and ends it with the exit code. Ctrl-C stops the command; a second one ends the process at once. */
export async function runProcess(args: readonly string[]): Promise<never> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(new Interrupted(signal).exitCode)
      stop.abort(new Interrupted(signal))
    })
  }
  const { env, stdin, stdout, stderr } = process
  // Named once here, so that what core warns of looks like everything else that the command says.
  process.removeAllListeners('warning')
  process.on('warning', (warning) => warning.name === 'NexusWarning' && stderr.write(`nexus-fs: ${warning.message}\n`))
  process.exit(await run(args, { env, workingDirectory: process.cwd(), stdin, stdout, stderr, signal: stop.signal }))
}
