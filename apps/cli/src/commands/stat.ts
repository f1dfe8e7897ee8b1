import type { FileStat } from '@nexus/core/contract'
import type { BuildCommand, Cli } from '../cli.ts'
import { entryJson } from '../entry-json.ts'
import { openSession } from '../session.ts'
import { formatBytes, formatCount, formatDate } from '../terminal/format.ts'

interface StatOptions {
  readonly version?: string
  readonly snapshot?: string
}

/** `stat`: everything that is known without reading. */
export const build: BuildCommand = (command, cli) => {
  command
    .argument('<PATH...>', 'files and directories')
    .option('--version <version>', 'of an earlier version')
    .option('--snapshot <name>', 'as it was in a snapshot')
    .addHelpText('after', `
Examples:
  nexus-fs stat /local/data/a.txt
  nexus-fs stat --json /local/data/a.txt | jq -r .digest`)
    .action(async (paths: readonly string[], options: StatOptions) => {
      await using session = await openSession(cli, paths)
      for (const path of session.paths) {
        const stat = await session.fs.stat(path, { ...options, signal: cli.signal })
        const lines = cli.json ? [entryJson(stat, session.shown)] : statLines(cli, stat, session.shown(path))
        for (const line of lines) await cli.out.line(line)
      }
    })
}

function statLines({ out }: Cli, stat: FileStat, shownPath: string): string[] {
  const facts: (readonly [string, string | undefined])[] = [
    ['path', shownPath],
    ['kind', stat.kind],
    ['size', stat.sizeBytes === undefined ? undefined : `${formatBytes(stat.sizeBytes)}${stat.sizeBytes < 1000 ? '' : ` (${formatCount(stat.sizeBytes)} bytes)`}`],
    ['modified', stat.modifiedAt === undefined ? undefined : formatDate(stat.modifiedAt)],
    ['created', stat.createdAt === undefined ? undefined : formatDate(stat.createdAt)],
    ['type', stat.contentType],
    ['digest', stat.digest],
    ['etag', stat.etag],
    ['version', stat.version],
    ...Object.entries(stat.metadata).map(([name, value]) => [`metadata ${name}`, value] as const),
  ]
  const known = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined)
  const width = Math.max(...known.map(([name]) => name.length))
  return known.map(([name, value]) => `${out.paint('dim', out.name(name).padEnd(width))}  ${out.name(value)}`)
}
