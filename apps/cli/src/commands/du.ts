import type { Usage } from '@nexus/core/contract'
import type { BuildCommand } from '../cli.ts'
import { openSession } from '../session.ts'
import { formatBytes, formatCount } from '../terminal/format.ts'
import { formatTable } from '../terminal/table.ts'

/** `du`: what trees hold, and what their contents take. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('[PATH...]', 'directories or files', ['/'])
    .addHelpText('after', `
SIZE is the sum of the files, STORED what their contents take in the storage: each content once.

Examples:
  nexus-fs du /local/data
  nexus-fs du --json / | jq .storedBytes`)
    .action(async (paths: readonly string[]) => {
      await using session = await openSession(cli, paths, { goesBelow: true })
      const rows: string[][] = []
      for (const path of session.paths) {
        const usage = await session.fs.usage(path, { signal: cli.signal })
        if (cli.json) await cli.out.line(JSON.stringify({ path: session.shown(path), ...usage }))
        else rows.push(usageRow(usage, cli.out.name(session.shown(path))))
      }
      if (cli.json) return
      const right = 'right' as const
      const columns = [{ title: 'SIZE', align: right }, { title: 'STORED', align: right }, { title: 'FILES', align: right }, { title: 'DIRS', align: right }, { title: 'PATH' }]
      for (const line of formatTable(columns, rows)) await cli.out.line(line)
    })
}

function usageRow({ files, directories, logicalBytes, storedBytes }: Usage, name: string): string[] {
  return [formatBytes(logicalBytes), storedBytes === undefined ? '-' : formatBytes(storedBytes), formatCount(files), formatCount(directories), name]
}
