import { Command, type CommanderError } from 'commander'
import type { Cli } from './cli.ts'
import { type CommandEntry, commandTable } from './command-table.ts'
import { UsageError } from './outcomes.ts'
import { packageVersion } from './package-version.ts'

/** What the program needs besides {@link Cli}. */
export interface ProgramOptions {
  readonly cli: Cli
  /** Told whether `--json` was given, before the action runs. */
  readonly setJson: (json: boolean) => void
  /** Takes the text of `--help`. */
  readonly printHelp: (text: string) => void
}

const examples = `
Paths:
  /local/data/a.txt     a path of Nexus, under a mount
  local://./data/a.txt  the same without mounting first
  ./a.txt, host:/a.txt  a file of this machine (cp only)

Examples:
  nexus-fs mount local://./data              mount a directory, or make a repository of an empty one
  nexus-fs cp -r ./src /local/data/src       take a tree in
  nexus-fs ls -l /local/data                 list it
  nexus-fs grep -i todo /local/data/src      search it

nexus-fs help COMMAND tells more of a command, nexus-fs help exit-codes what the exit codes mean.`

/** The command line with every name in it; only the commands in `loaded` have their options and actions. */
export async function createProgram(loaded: readonly CommandEntry[], options: ProgramOptions): Promise<Command> {
  const program = prepare(new Command('nexus-fs'), options)
    .description('One filesystem over every place where a program keeps its files.')
    .usage('COMMAND [OPTION]... [PATH]...')
    .version(packageVersion(), '-V, --version', 'print the version')
    .addHelpText('after', examples)
    .commandsGroup('Other:')
    .helpCommand('help [COMMAND]', 'tell more of a command')
    // Or `cat --version 12` would tell the version of the program.
    .enablePositionalOptions()
  program.hook('preAction', (_, action) => options.setJson(action.optsWithGlobals()['json'] === true))
  for (const entry of commandTable) {
    const command = prepare(program.command(entry.name, { hidden: entry.isHidden ?? false }), options).summary(entry.summary).description(sentence(entry.summary)).helpGroup(entry.group)
    if (!loaded.includes(entry)) continue
    const build = await entry.load()
    build(command.helpCommand(false), options.cli)
    for (const each of [command, ...command.commands]) finish(each, options)
  }
  return program
}

/** Failures are thrown, never printed here; help goes where the caller wants it. */
function prepare(command: Command, { printHelp }: ProgramOptions): Command {
  return command
    .exitOverride((error) => {
      throw error
    })
    .configureOutput({ writeOut: printHelp, writeErr: () => undefined, outputError: () => undefined })
    .configureHelp({ showGlobalOptions: false, helpWidth: 100 })
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
    .showHelpAfterError(false)
}

function finish(command: Command, options: ProgramOptions): void {
  prepare(command, options).option('--json', 'print JSON, errors too')
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
}

/** The command that the arguments name; `help NAME` names it too. */
export function entryFor(args: readonly string[]): CommandEntry | undefined {
  const words = args.filter((arg) => !arg.startsWith('-'))
  const name = words[0] === 'help' ? words[1] : words[0]
  return commandTable.find((entry) => entry.name === name)
}

/**
 * What commander threw, as ours: `undefined` after help and version, which are no failure.
 * @param entry The command whose help tells more; absent where none was named.
 */
export function fromCommander(error: CommanderError, entry: CommandEntry | undefined): UsageError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help' || error.code === 'commander.helpDisplayed') return undefined
  const told = error.message.replace(/^error: /, '').replace(/\s*\(Did you mean (.*?)\?\)/s, '. Did you mean $1?').replace(/^too many arguments .* but got \d+: /, 'too many arguments: ')
  const text = `${told.charAt(0).toUpperCase()}${told.slice(1)}`
  return new UsageError(`${/[.?]$/.test(text) ? text : `${text}.`} See nexus-fs ${entry === undefined ? '' : `${entry.name} `}--help.`, { cause: error })
}
