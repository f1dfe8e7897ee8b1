import { backup, fsck, type RepositoryProblem, restoreBackup, type RestoreReport } from '@nexus/core'
import type { BuildCommand, Cli } from '../cli.ts'
import { Findings } from '../outcomes.ts'
import { findRestorePlace, openBackup, openBackupTarget, type RestorePlace } from '../repository/backup-place.ts'
import { openRepositoryAt } from '../repository/open-repository-at.ts'
import { printProblems, problemsJson } from '../repository/print-problems.ts'
import { withProgress } from '../repository/with-progress.ts'
import { counted, formatBytes } from '../terminal/format.ts'

/** `backup`: one consistent state of a repository, copied while writers go on; or a repository made again from it. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<FROM>', 'a repository: its mount point, a path in it, or its URI; with --restore a directory with a backup')
    .argument('<TO>', 'a directory: empty, absent, or with an earlier backup; with --restore an empty or absent one, or an empty mount')
    .usage('[OPTION]... TARGET DIR\n       nexus-fs backup --restore DIR TARGET')
    .option('--restore', 'make a repository again from a backup')
    .addHelpText('after', `
What an earlier backup holds is not copied again; broken off, it goes on where it was. The directory is one of this machine, or a
URI of another storage. Exit code 1: something was damaged, and so is not in the copy.

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
  await using target = await openBackupTarget(cli, to)
  const work = { label: 'Copying', through: opened.stores }
  const report = await withProgress(cli, work, (onProgress) => backup(opened.repository, target.contents, { onProgress, signal: cli.signal }))
  const { contents, bytes, kept, sequence, problems } = report
  if (cli.json) await cli.out.line(JSON.stringify({ ...report, problems: problemsJson(problems, opened.shown) }))
  else {
    await printProblems(cli, problems, opened.shown)
    const copied = contents === 0 && kept > 0 ? 'nothing new to copy' : `${counted(contents, 'content')} of ${formatBytes(bytes)} copied`
    const before = kept === 0 ? '' : `, ${counted(kept, 'content')} there already`
    await cli.out.line(`Backed up everything up to commit ${sequence}: ${copied}${before}.`)
  }
  if (problems.length > 0) throw new Findings()
}

async function runRestore(cli: Cli, from: string, to: string): Promise<void> {
  const place = await findRestorePlace(cli, to)
  const report = await bringBack(cli, from, place)
  const problems = report.damaged.length === 0 ? [] : await findDamage(cli, place)
  if (cli.json) await cli.out.line(JSON.stringify({ ...report, problems: problemsJson(problems, place.shown) }))
  else {
    await printProblems(cli, problems, place.shown)
    await cli.out.line(`Restored everything up to commit ${report.sequence}: ${counted(report.contents, 'content')} of ${formatBytes(report.bytes)}.`)
    if (place.uri !== undefined) await cli.out.line(cli.out.paint('dim', `Mount it: nexus-fs mount ${place.uri}`))
  }
  if (report.damaged.length > 0) throw new Findings()
}

async function bringBack(cli: Cli, from: string, { storage }: RestorePlace): Promise<RestoreReport> {
  await using source = await openBackup(cli, from)
  const target = await storage.openStores()
  try {
    const work = { label: 'Restoring', through: { contents: source.contents } }
    return await withProgress(cli, work, (onProgress) => restoreBackup(source.contents, target, { onProgress, signal: cli.signal }))
  } finally {
    await target.journal.close()
  }
}

/** Which files the damaged contents belong to. */
async function findDamage(cli: Cli, { storage }: RestorePlace): Promise<readonly RepositoryProblem[]> {
  return (await fsck(await storage.openStores(), { signal: cli.signal })).problems
}
