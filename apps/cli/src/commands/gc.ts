import { collectGarbage, type GarbageReport } from '@nexus/core'
import type { BuildCommand } from '../cli.ts'
import { parseAge, wholeNumber } from '../parse-values.ts'
import { openRepositoryAt } from '../repository/open-repository-at.ts'
import { counted, formatBytes } from '../terminal/format.ts'

interface GcOptions {
  readonly keep?: number
  readonly keepFor?: number
  readonly retention: boolean
}

/** `gc`: lets versions go that retention does not keep, and contents that nothing refers to. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH>', 'a repository: its mount point, a path in it, or its URI')
    .option('--keep <versions>', 'newest versions of a file to keep; default 100', wholeNumber(1))
    .option('--keep-for <age>', 'how long replaced versions are kept; default 30d', parseAge)
    .option('--no-retention', 'leave history alone, only collect what nothing refers to')
    .addHelpText('after', `
The newest version of a file and everything in a snapshot always stay. Other processes may go on writing.

Examples:
  nexus-fs gc /local/data
  nexus-fs gc --keep 10 --keep-for 7d local://./data`)
    .action(async (path: string, { keep, keepFor, retention }: GcOptions) => {
      await using opened = await openRepositoryAt(cli, path, { writes: true })
      const report = await collectGarbage(opened.repository, { retention: retention && { keepVersions: keep, keepMs: keepFor }, signal: cli.signal })
      await cli.out.line(cli.json ? JSON.stringify({ path, ...report }) : reportLine(report))
    })
}

function reportLine({ versions, contents, bytes }: GarbageReport): string {
  return `Let ${counted(versions, 'version')} and ${counted(contents, 'content')} go; ${formatBytes(bytes)} given back.`
}
