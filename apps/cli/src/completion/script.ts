/** What is completed after one command. */
export interface CompletionWords {
  readonly name: string
  readonly summary: string
  readonly subcommands: readonly string[]
  readonly flags: readonly string[]
}

/** A script for the shell: commands, then their options, and paths by asking `nexus-fs __complete`. Serves `nexus` too. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish', commands: readonly CompletionWords[]): string {
  if (shell === 'fish') return fishScript(commands)
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}` : bashScript(commands)
}

function bashScript(commands: readonly CompletionWords[]): string {
  const cases = commands.map(({ name, subcommands, flags }) => `    ${name}) words="${[...subcommands, ...flags].join(' ')}" ;;`)
  return `_nexus_fs() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${[...commands.map(({ name }) => name), 'help'].join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    help) words="${[...commands.map(({ name }) => name), 'exit-codes'].join(' ')}" ;;
  esac
  case "$current" in
    /*)
      local IFS=$'\\n'
      COMPREPLY=($("\${COMP_WORDS[0]}" __complete "$current" 2>/dev/null))
      [[ "\${COMPREPLY[0]}" == */ ]] && compopt -o nospace 2>/dev/null
      return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _nexus_fs nexus-fs nexus`
}

function fishScript(commands: readonly CompletionWords[]): string {
  const lines = ['nexus-fs', 'nexus'].flatMap((program) => [
    `complete -c ${program} -f`,
    ...commands.map(({ name, summary }) => `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`),
    ...commands.flatMap(({ name, subcommands, flags }) => [
      ...subcommands.map((word) => `complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
      ...flags.map((flag) => `complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -l ${flag.replace(/^--/, '')}`),
    ]),
    `complete -c ${program} -n 'not __fish_use_subcommand' -a '(${program} __complete (commandline -ct) 2>/dev/null)'`,
  ])
  return lines.join('\n')
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
