import type { BuildCommand } from '../cli.ts'
import { openSession } from '../session.ts'

interface RmOptions {
  readonly recursive?: true
  readonly force?: true
}

/** `rm`: deletes; a repository keeps the versions until retention lets them go. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH...>', 'files, or with -r directories')
    .option('-r, --recursive', 'delete directories with all that is in them')
    .option('-f, --force', 'what is absent is no failure')
    .addHelpText('after', `
Examples:
  nexus-fs rm /local/data/a.txt
  nexus-fs rm -r -f /local/data/old`)
    .action(async (paths: readonly string[], { recursive, force }: RmOptions) => {
      await using session = await openSession(cli, paths, { changesNames: true })
      for (const path of session.paths) {
        await session.fs.delete(path, { recursive, force, signal: cli.signal })
        if (cli.json) await cli.out.line(JSON.stringify({ path: session.shown(path), deleted: true }))
      }
    })
}
