import type { GrepOptions as CoreGrepOptions } from '@nexus/core'
import type { Match } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { isAboveMounts } from '../list-below.ts'
import { Findings } from '../outcomes.ts'
import { wholeNumber } from '../parse-values.ts'
import { openSession, type Session } from '../session.ts'

interface GrepOptions {
  readonly ignoreCase?: true
  readonly filesWithMatches?: true
  readonly glob?: readonly string[]
  readonly maxCount?: number
  readonly crossMounts?: true
}

/** `grep`: lines that match, file by file. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATTERN>', 'an RE2 expression: no lookaround, no backreferences, time linear in what is read')
    .argument('[PATH...]', 'directories or files', ['/'])
    .option('-i, --ignore-case', 'upper and lower case alike')
    .option('-l, --files-with-matches', 'only the names of the files')
    .option('-g, --glob <pattern...>', 'only files that match; ! first excludes')
    .option('-m, --max-count <lines>', 'end after so many matches', wholeNumber(1))
    .option('--cross-mounts', 'go on inside mounts below')
    .addHelpText('after', `
Binary files are skipped. Exit code 1: nothing matched.

Examples:
  nexus-fs grep -i 'todo|fixme' /local/data -g '*.ts'
  nexus-fs grep -l license local://./data
  nexus-fs grep --json error /local/logs | jq .path`)
    .action(async (pattern: string, paths: readonly string[], options: GrepOptions) => {
      await using session = await openSession(cli, paths, { goesBelow: true })
      let found = 0
      for (const path of session.paths) found += await grepAt(cli, { session, path, pattern, options, limit: (options.maxCount ?? Infinity) - found })
      if (found === 0) throw new Findings()
    })
}

interface Search {
  readonly session: Session
  readonly path: Session['paths'][number]
  readonly pattern: string
  readonly options: GrepOptions
  readonly limit: number
}

async function grepAt(cli: Cli, { session, path, pattern, options, limit }: Search): Promise<number> {
  if (limit <= 0) return 0
  const { glob, ignoreCase, filesWithMatches } = options
  const crossMounts = options.crossMounts ?? (await isAboveMounts(session.fs, path))
  // With only names wanted, a limit counts files, which core does not.
  const given: CoreGrepOptions = { path, glob, ignoreCase, crossMounts, limit: limit === Infinity || filesWithMatches === true ? undefined : limit, signal: cli.signal }
  let found = 0
  let last = ''
  for await (const match of session.fs.grep(pattern, given)) {
    if (filesWithMatches === true && match.path === last) continue
    last = match.path
    await cli.out.line(cli.json ? matchJson(match, session, filesWithMatches) : matchLine(cli, match, { session, filesWithMatches }))
    if (++found >= limit) break
  }
  return found
}

function matchJson({ path, line, column, text }: Match, { shown }: Session, filesWithMatches: true | undefined): string {
  return JSON.stringify(filesWithMatches === true ? { path: shown(path) } : { path: shown(path), line, column, text })
}

function matchLine({ out }: Cli, { path, line, text }: Match, { session, filesWithMatches }: { readonly session: Session; readonly filesWithMatches: true | undefined }): string {
  const name = out.paint('magenta', out.name(session.shown(path)))
  return filesWithMatches === true ? name : `${name}:${out.paint('green', String(line))}:${out.text(text)}`
}
