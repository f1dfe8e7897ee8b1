import { backup, restoreBackup } from '@nexus/core'
import type { BuildCommand, Cli } from '../cli.ts'
import { Findings } from '../outcomes.ts'
import { openDirectory } from '../repository/open-directory.ts'
import { openRepositoryAt } from '../repository/open-repository-at.ts'
import { printProblems, problemsJson } from '../repository/print-problems.ts'
import { counted, formatBytes } from '../terminal/format.ts'

/** `backup`: one consistent state of a repository, copied while writers go on; or a repository made again from it. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<FROM>', 'a repository: its mount point, a path in it, or its URI; with --restore a directory with a backup')
    .argument('<TO>', 'a directory of this machine: empty, or with an earlier backup; with --restore an empty one')
    .option('--restore', 'make a repository again from a backup')
    .addHelpText('after', `
What an earlier backup holds is not copied again. Exit code 1: something was damaged, and so is not in the copy.

Examples:
  nexus-fs backup /local/data /mnt/disk/data-backup
  nexus-fs backup --restore /mnt/disk/data-backup ./restored
  nexus-fs mount local://./restored`)
    .action(async (from: string, to: string, { restore }: { readonly restore?: true }) => {
      await (restore === true ? runRestore(cli, from, to) : runBackup(cli, from, to))
    })
}

async function runBackup(cli: Cli, from: string, to: string): Promise<void> {
  await using opened = await openRepositoryAt(cli, from)
  await using target = await openDirectory(cli, to, { isTarget: true })
  const progress = cli.progress('Copying')
  const onProgress = ({ contents, bytes }: { readonly contents: number; readonly bytes: number }): void => progress.update({ files: contents, bytes })
  const report = await backup(opened.repository, target.contents, { onProgress, signal: cli.signal }).finally(() => progress.end())
  const { contents, bytes, kept, sequence, problems } = report
  if (cli.json) await cli.out.line(JSON.stringify({ ...report, problems: problemsJson(problems, opened.mountPoint) }))
  else {
    await printProblems(cli, problems, opened.mountPoint)
    await cli.out.line(`Backed up everything up to commit ${sequence}: ${counted(contents, 'content')} of ${formatBytes(bytes)} copied, ${counted(kept, 'content')} there already.`)
  }
  if (problems.length > 0) throw new Findings()
}

async function runRestore(cli: Cli, from: string, to: string): Promise<void> {
  await using source = await openDirectory(cli, from, { isTarget: false })
  await using target = await openDirectory(cli, to, { isTarget: true })
  const progress = cli.progress('Restoring')
  const onProgress = ({ contents, bytes }: { readonly contents: number; readonly bytes: number }): void => progress.update({ files: contents, bytes })
  const report = await restoreBackup(source.contents, target, { onProgress, signal: cli.signal }).finally(() => progress.end())
  const { contents, bytes, sequence, damaged } = report
  if (cli.json) await cli.out.line(JSON.stringify(report))
  else {
    for (const digest of damaged) await cli.out.line(`${cli.out.paint('red', 'damaged')}  ${digest}`)
    await cli.out.line(`Restored everything up to commit ${sequence}: ${counted(contents, 'content')} of ${formatBytes(bytes)}.`)
  }
  if (damaged.length > 0) throw new Findings()
}
