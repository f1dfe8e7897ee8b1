import type { BuildCommand } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { stdinBody } from '../read-stdin.ts'
import { onlyPath, openSession } from '../session.ts'

interface WriteOptions {
  readonly text?: string
  readonly ifAbsent?: true
  readonly ifMatch?: string
  readonly contentType?: string
}

/** `write`: replaces a file or creates it; broken off before the end, it leaves what was there. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a file')
    .option('-t, --text <text>', 'this text instead of standard input')
    .option('--if-absent', 'only when nothing is there')
    .option('--if-match <etag>', 'only when the file has this etag')
    .option('--content-type <type>', 'a MIME type to keep with it')
    .addHelpText('after', `
Examples:
  echo hello | nexus-fs write /local/data/a.txt
  nexus-fs write --text 'hello' --if-absent /local/data/a.txt
  tar c src | nexus-fs write local://./data/src.tar`)
    .action(async (path: string, { text, ifAbsent, ifMatch, contentType }: WriteOptions) => {
      await using session = await openSession(cli, [path])
      const body = text ?? (await stdinBody(cli))
      const stat = await session.fs.write(onlyPath(session), body, { ifMatch, contentType, ifNoneMatch: ifAbsent === true ? '*' : undefined, signal: cli.signal })
      if (cli.json) await cli.out.line(entryJson(stat, session.shown))
    })
}
