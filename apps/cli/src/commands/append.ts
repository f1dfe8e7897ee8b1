import type { BuildCommand } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { stdinBody } from '../read-stdin.ts'
import { onlyPath, openSession } from '../session.ts'

interface AppendOptions {
  readonly text?: string
  readonly ifMatch?: string
}

/** `append`: extends a file, or creates it. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a file')
    .option('-t, --text <text>', 'this text instead of standard input')
    .option('--if-match <etag>', 'only when the file has this etag')
    .addHelpText('after', `
Examples:
  date | nexus-fs append /local/data/log.txt
  nexus-fs append --text 'one more line' /local/data/log.txt`)
    .action(async (path: string, { text, ifMatch }: AppendOptions) => {
      await using session = await openSession(cli, [path])
      const stat = await session.fs.append(onlyPath(session), text ?? (await stdinBody(cli)), { ifMatch, signal: cli.signal })
      if (cli.json) await cli.out.line(entryJson(stat, session.shown))
    })
}
