import type { FsckReport } from '@nexus/core'
import type { BuildCommand, Cli } from '../cli.ts'
import { Findings } from '../outcomes.ts'
import { checkRepository, checkSummary } from '../repository/check-repository.ts'
import { findRepository } from '../repository/find-repository.ts'
import { printProblems, problemsJson } from '../repository/print-problems.ts'
import { counted } from '../terminal/format.ts'

interface FsckCommandOptions {
  readonly readData?: true
  readonly repair?: true
}

/** `fsck`: journal, index and contents against each other. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a repository: its mount point, a path in it, or its URI')
    .option('--read-data', 'read every content too, not only look whether it is there')
    .option('--repair', 'put right what can be put right, and list what cannot')
    .addHelpText('after', `
Other processes may go on writing. Exit code 1: something is wrong (still).

Examples:
  nexus-fs fsck /local/data
  nexus-fs fsck --read-data --json local://./data | jq .problems
  nexus-fs fsck --repair /local/data`)
    .action(async (path: string, options: FsckCommandOptions) => {
      const found = await findRepository(cli, path)
      const report = await checkRepository(cli, found, options)
      if (cli.json) await cli.out.line(JSON.stringify({ ...report, problems: problemsJson(report.problems, found.shown) }))
      else await printReport(cli, report, found.shown)
      if (!report.ok) throw new Findings()
    })
}

async function printReport(cli: Cli, report: FsckReport, shown: (inner: string) => string): Promise<void> {
  const { ok, repaired, problems } = report
  await printProblems(cli, problems, shown)
  for (const sentence of repaired) await cli.out.line(`${cli.out.paint('yellow', 'repaired')}  ${cli.out.name(sentence)}`)
  await cli.out.line(`${ok ? cli.out.paint('green', 'whole') : cli.out.paint('red', counted(problems.length, 'problem'))}  ${checkSummary(report)}`)
}
