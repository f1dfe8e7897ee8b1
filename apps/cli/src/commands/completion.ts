import { Argument, Command } from 'commander'
import type { BuildCommand, Cli } from '../cli.ts'
import { commandTable } from '../command-table.ts'
import { completionScript, type CompletionWords } from '../completion/script.ts'

type Shell = 'bash' | 'zsh' | 'fish'

/** `completion`: a script that the shell reads. */
export const build: BuildCommand = (command, cli) => {
  command
    .addArgument(new Argument('<SHELL>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', `
Commands, options and Nexus paths are completed.

Examples:
  echo 'source <(nexus-fs completion bash)' >> ~/.bashrc
  echo 'source <(nexus-fs completion zsh)' >> ~/.zshrc
  nexus-fs completion fish > ~/.config/fish/completions/nexus-fs.fish`)
    .action(async (shell: Shell) => {
      await cli.out.line(completionScript(shell, await wordsOfCommands(cli)))
    })
}

/** The options of a command are in its own file: here all of them are loaded. */
async function wordsOfCommands(cli: Cli): Promise<CompletionWords[]> {
  const visible = commandTable.filter(({ isHidden }) => isHidden !== true)
  return await Promise.all(visible.map(async ({ name, summary, load }) => {
    const command = new Command(name)
    const build = await load()
    build(command, cli)
    const flags = [command, ...command.commands].flatMap(({ options }) => options.flatMap(({ long }) => long ?? []))
    return { name, summary, subcommands: command.commands.map((inner) => inner.name()), flags: [...new Set([...flags, '--json', '--help'])] }
  }))
}
