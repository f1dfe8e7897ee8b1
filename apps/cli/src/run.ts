import { CommanderError } from 'commander'
import type { Cli, CliProcess } from './cli.ts'
import { exitCodeOf } from './exit-codes.ts'
import { exitCodesHelp } from './exit-codes-help.ts'
import { expandOptions } from './expand-options.ts'
import { BrokenPipe } from './outcomes.ts'
import { createProgram, entryFor, fromCommander } from './program.ts'
import { reportError } from './report-error.ts'
import { createOutput, type Output } from './terminal/output.ts'
import { createProgress } from './terminal/progress.ts'

/**
 * Runs one command line.
 * @param args Without the program's own name.
 * @returns The exit code; everything is printed and closed by then.
 */
export async function run(args: readonly string[], { stdout, stderr, ...around }: CliProcess): Promise<number> {
  const out = createOutput(stdout, around.env)
  const err = createOutput(stderr, around.env)
  // A usage error happens before the options are known.
  let json = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined).includes('--json')
  const cli: Cli = {
    ...around,
    out,
    err,
    get json() {
      return json
    },
    progress: (label, noun) => createProgress(label, { output: err, stream: stderr, noun }),
    naming: { shown: (path) => path },
  }
  const setJson = (given: boolean): void => {
    json = given
  }
  try {
    await dispatch(args, { cli, setJson })
    await out.flush()
    await err.flush()
    return 0
  } catch (error) {
    return await fail(error, { out, err, json, shown: cli.naming.shown })
  }
}

async function dispatch(args: readonly string[], { cli, setJson }: { readonly cli: Cli; readonly setJson: (json: boolean) => void }): Promise<void> {
  if (args[0] === 'help' && args[1] === 'exit-codes') {
    for (const line of exitCodesHelp()) await cli.out.line(line)
    return
  }
  const entry = entryFor(args)
  let help = ''
  const program = await createProgram(entry === undefined ? [] : [entry], { cli, setJson, printHelp: (text) => (help += text) })
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : expandOptions(args), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const failure = fromCommander(error, entry)
    if (failure !== undefined) throw failure
  }
  if (help !== '') await cli.out.line(help.trimEnd())
}

interface FailOptions {
  readonly out: Output
  readonly err: Output
  readonly json: boolean
  readonly shown: (path: string) => string
}

async function fail(error: unknown, { out, err, json, shown }: FailOptions): Promise<number> {
  try {
    if (!(error instanceof BrokenPipe)) await out.flush()
    await reportError(error, { output: err, json, shown })
    await err.flush()
    return exitCodeOf(error)
  } catch (broken) {
    // Nobody listens any more; the first failure still decides.
    if (broken instanceof BrokenPipe) return exitCodeOf(error)
    throw broken
  }
}
