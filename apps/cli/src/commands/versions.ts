import type { BuildCommand } from '../cli.ts'
import { onlyPath, openSession } from '../session.ts'
import { formatBytes, formatDate } from '../terminal/format.ts'
import { formatTable } from '../terminal/table.ts'

/** `versions`: the kept states of a file, newest first. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a file, which may be deleted by now')
    .addHelpText('after', `
Examples:
  nexus-fs versions /local/data/a.txt
  nexus-fs cat --version 12 /local/data/a.txt`)
    .action(async (path: string) => {
      await using session = await openSession(cli, [path])
      const rows: string[][] = []
      for await (const version of session.fs.versions(onlyPath(session), { signal: cli.signal })) {
        if (cli.json) await cli.out.line(JSON.stringify({ ...version, path: session.shown(version.path) }))
        else rows.push([version.version, formatDate(version.modifiedAt), formatBytes(version.sizeBytes), version.digest?.slice(0, 19) ?? '-', version.current ? cli.out.paint('green', 'current') : ''])
      }
      if (cli.json) return
      const columns = [{ title: 'VERSION' }, { title: 'MODIFIED' }, { title: 'SIZE', align: 'right' as const }, { title: 'DIGEST' }, { title: '' }]
      for (const line of formatTable(columns, rows)) await cli.out.line(line)
    })
}
