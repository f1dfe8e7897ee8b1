import type { BuildCommand } from '../cli.ts'
import { onlyPath, openSession } from '../session.ts'
import { formatDate } from '../terminal/format.ts'
import { formatTable } from '../terminal/table.ts'

/** `snapshot create|list|delete`: named states of a directory, kept until they are deleted. */
export const build: BuildCommand = (command, cli) => {
  command.usage('create|list|delete PATH [NAME]').addHelpText('after', `
Examples:
  nexus-fs snapshot create /local/data monday
  nexus-fs ls --snapshot monday /local/data
  nexus-fs snapshot delete /local/data monday`)
  command.command('create').summary('keep the state of a directory').description('Keep the state of a directory under a name.')
    .argument('<PATH>', 'a directory').argument('<NAME>', 'a name that is free there')
    .action(async (path: string, name: string) => {
      await using session = await openSession(cli, [path])
      const snapshot = await session.fs.snapshot(onlyPath(session), name, { signal: cli.signal })
      await cli.out.line(cli.json ? JSON.stringify({ ...snapshot, path: session.shown(snapshot.path) }) : `Created the snapshot ${cli.out.name(name)} of ${cli.out.name(session.shown(snapshot.path))}.`)
    })
  command.command('list').summary('list the snapshots of a directory').description('List the snapshots of a directory.')
    .argument('<PATH>', 'a directory')
    .action(async (path: string) => {
      await using session = await openSession(cli, [path])
      const rows: string[][] = []
      for await (const snapshot of session.fs.snapshots(onlyPath(session), { signal: cli.signal })) {
        if (cli.json) await cli.out.line(JSON.stringify({ ...snapshot, path: session.shown(snapshot.path) }))
        else rows.push([cli.out.name(snapshot.name), formatDate(snapshot.createdAt), snapshot.version, cli.out.name(session.shown(snapshot.path))])
      }
      if (cli.json) return
      for (const line of formatTable([{ title: 'NAME' }, { title: 'CREATED' }, { title: 'VERSION' }, { title: 'PATH' }], rows)) await cli.out.line(line)
    })
  command.command('delete').summary('let a snapshot go').description('Let a snapshot go; what only it kept goes with the next gc.')
    .argument('<PATH>', 'the directory').argument('<NAME>', 'the snapshot')
    .action(async (path: string, name: string) => {
      await using session = await openSession(cli, [path])
      await session.fs.deleteSnapshot(onlyPath(session), name, { signal: cli.signal })
      if (cli.json) await cli.out.line(JSON.stringify({ name, deleted: true }))
    })
}
