import type { BuildCommand } from '../cli.ts'
import { openSession } from '../session.ts'

/** `mkdir`: makes directories. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH...>', 'directories to make')
    .option('-p, --parents', 'make missing parents, and accept what exists')
    .addHelpText('after', `
Examples:
  nexus-fs mkdir -p /local/data/2026/11`)
    .action(async (paths: readonly string[], { parents }: { readonly parents?: true }) => {
      await using session = await openSession(cli, paths)
      for (const path of session.paths) {
        await session.fs.mkdir(path, { recursive: parents, signal: cli.signal })
        if (cli.json) await cli.out.line(JSON.stringify({ path: session.shown(path), kind: 'directory' }))
      }
    })
}
