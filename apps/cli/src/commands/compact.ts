import { compact } from '@nexus/core'
import type { BuildCommand } from '../cli.ts'
import { Findings } from '../outcomes.ts'
import { openRepositoryAt } from '../repository/open-repository-at.ts'
import { printProblems, problemsJson } from '../repository/print-problems.ts'
import { withProgress } from '../repository/with-progress.ts'
import { counted, formatBytes } from '../terminal/format.ts'

/** `compact`: moves what is alive out of the old journal, and lets that go. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a repository: its mount point, a path in it, or its URI')
    .addHelpText('after', `
Best after gc. Other processes may go on writing. Exit code 1: something was damaged; what holds it stays.

Examples:
  nexus-fs gc /local/data && nexus-fs compact /local/data`)
    .action(async (path: string) => {
      await using opened = await openRepositoryAt(cli, path, { writes: true })
      const report = await withProgress(cli, { label: 'Compacting' }, (onProgress) => compact(opened.repository, { onProgress, signal: cli.signal }))
      const { beforeBytes, afterBytes, contents, problems } = report
      if (cli.json) await cli.out.line(JSON.stringify({ ...report, problems: problemsJson(problems, opened.shown) }))
      else {
        await printProblems(cli, problems, opened.shown)
        await cli.out.line(`Journal, packs and checkpoints: ${formatBytes(beforeBytes)} before, ${formatBytes(afterBytes)} now; ${counted(contents, 'content')} moved.`)
      }
      if (problems.length > 0) throw new Findings()
    })
}
