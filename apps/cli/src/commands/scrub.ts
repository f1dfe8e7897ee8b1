import { scrub } from '@nexus/core'
import type { BuildCommand } from '../cli.ts'
import { Findings } from '../outcomes.ts'
import { parseSize } from '../parse-values.ts'
import { openRepositoryAt } from '../repository/open-repository-at.ts'
import { printProblems, problemsJson } from '../repository/print-problems.ts'
import { withProgress } from '../repository/with-progress.ts'
import { counted, formatBytes } from '../terminal/format.ts'

/** `scrub`: reads every content; what is damaged goes to quarantine. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a repository: its mount point, a path in it, or its URI')
    .option('--rate <size>', 'bytes a second to read at most, as in 50M', parseSize)
    .addHelpText('after', `
What reads wrong twice is put in quarantine; writing the same bytes again heals it. Exit code 1: something was damaged.

Examples:
  nexus-fs scrub /local/data
  nexus-fs scrub --rate 20M local://./data`)
    .action(async (path: string, { rate }: { readonly rate?: number }) => {
      await using opened = await openRepositoryAt(cli, path)
      const work = { label: 'Reading', through: opened.stores }
      const report = await withProgress(cli, work, (onProgress) => scrub(opened.repository, { bytesPerSecond: rate, onProgress, signal: cli.signal }))
      if (cli.json) await cli.out.line(JSON.stringify({ ...report, problems: problemsJson(report.problems, opened.shown) }))
      else {
        await printProblems(cli, report.problems, opened.shown)
        await cli.out.line(`Read ${counted(report.contents, 'content')} of ${formatBytes(report.bytes)}; ${counted(report.problems.length, 'problem')}.`)
      }
      if (report.problems.length > 0) throw new Findings()
    })
}
